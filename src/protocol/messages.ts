import { Packr } from "msgpackr";
import { GateError } from "../error/gate-error.ts";
import type { MethodInfo } from "../job/method-info.ts";
import { protocolVersion } from "./record.ts";

/** The first words of a peer. */
export interface Hello {
  version: number;
  /** Chosen by the peer or its user; two live processes may carry the same one. */
  id: string;
  /** Differs between two starts of the same peer: a restarted worker is never merged with the old one. */
  incarnation: string;
  /** `unigate/0.1.0 node/26.1.0`, for people. */
  agent: string;
  /** What lets the peer in, where the gate has keys. */
  key?: string;
}

/** The gate's answer: the rules of this session. */
export interface Welcome {
  version: number;
  /** Name of the session in logs, unique within the gate. */
  session: string;
  gate: string;
  heartbeatMs: number;
  /** Largest record that the gate takes, in bytes. */
  maxRecordBytes: number;
}

/** A worker's declaration: what it serves and how much of it at once. */
export interface ServeDeclaration {
  capacity: number;
  version?: string;
  weight?: number;
  methods: MethodInfo[];
}

const packr = new Packr({ useRecords: false, mapsAsObjects: true });

/** Encodes the payload of a control record. */
export function packMessage(message: object): Uint8Array {
  return packr.pack(message);
}

/** Decodes the payload of a control record; throws `invalid_argument` when it is no msgpack map. */
export function unpackMessage(payload: Uint8Array, record: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = packr.unpack(payload);
  } catch (error) {
    throw new GateError("invalid_argument", `malformed ${record} record: it is not msgpack`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new GateError("invalid_argument", `malformed ${record} record: it is not a map`);
  return value as Record<string, unknown>;
}

/** Reads a `hello`; throws `failed_precondition` for a version that we do not speak. */
export function parseHello(payload: Uint8Array): Hello {
  const hello = unpackMessage(payload, "hello");
  checkVersion(hello["version"]);
  return {
    version: protocolVersion,
    id: text(hello, "id", "hello"),
    incarnation: text(hello, "incarnation", "hello"),
    agent: typeof hello["agent"] === "string" ? hello["agent"].slice(0, 200) : "",
    ...(typeof hello["key"] === "string" ? { key: hello["key"] } : {}),
  };
}

/** Reads a `welcome`; throws `failed_precondition` for a version that we do not speak. */
export function parseWelcome(payload: Uint8Array): Welcome {
  const welcome = unpackMessage(payload, "welcome");
  checkVersion(welcome["version"]);
  return {
    version: protocolVersion,
    session: text(welcome, "session", "welcome"),
    gate: text(welcome, "gate", "welcome"),
    heartbeatMs: positive(welcome, "heartbeatMs", "welcome"),
    maxRecordBytes: positive(welcome, "maxRecordBytes", "welcome"),
  };
}

/** Reads a worker's declaration; unknown keys of a method are dropped. */
export function parseServe(payload: Uint8Array): ServeDeclaration {
  const serve = unpackMessage(payload, "routes");
  const methods = serve["methods"];
  if (!Array.isArray(methods)) throw new GateError("invalid_argument", "malformed routes record: methods is not a list");
  const declaration: ServeDeclaration = { capacity: positive(serve, "capacity", "routes"), methods: methods.map(parseMethod) };
  if (typeof serve["version"] === "string") declaration.version = serve["version"];
  if (typeof serve["weight"] === "number" && serve["weight"] > 0) declaration.weight = serve["weight"];
  return declaration;
}

/** Reads the names of methods that a worker no longer serves. */
export function parseWithdrawal(payload: Uint8Array): string[] {
  const { methods } = unpackMessage(payload, "routes");
  if (!isTexts(methods)) throw new GateError("invalid_argument", "malformed routes record: methods is not a list of names");
  return methods;
}

/** Reads the route numbers of a peer that sends jobs. */
export function parseRouteNumbers(payload: Uint8Array): [number: number, target: string][] {
  const { numbers } = unpackMessage(payload, "routes");
  if (!Array.isArray(numbers)) throw new GateError("invalid_argument", "malformed routes record: numbers is not a list");
  return numbers.map((entry: unknown) => {
    if (!Array.isArray(entry) || !Number.isInteger(entry[0]) || typeof entry[1] !== "string")
      throw new GateError("invalid_argument", "malformed routes record: a number without a target");
    return [entry[0] as number, entry[1]];
  });
}

function parseMethod(value: unknown): MethodInfo {
  const method = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const info: MethodInfo = { name: text(method, "name", "routes") };
  if (!/^[^\s.][^\s]*\.[^\s.]+$/.test(info.name))
    throw new GateError("invalid_argument", `a worker declared ${JSON.stringify(info.name)}; a method is named Service.method`);
  if (typeof method["description"] === "string") info.description = method["description"];
  if (isTexts(method["params"])) info.params = method["params"];
  if (isTexts(method["http"])) info.http = method["http"];
  if (typeof method["input"] === "object" && method["input"] !== null) info.input = method["input"];
  if (typeof method["output"] === "object" && method["output"] !== null) info.output = method["output"];
  if (method["stream"] === true) info.stream = true;
  if (method["idempotent"] === true) info.idempotent = true;
  return info;
}

function checkVersion(version: unknown): void {
  if (version !== protocolVersion)
    throw new GateError(
      "failed_precondition",
      `the peer speaks protocol version ${String(version)}, this side ${protocolVersion}; upgrade the older one`,
    );
}

function text(message: Record<string, unknown>, key: string, record: string): string {
  const value = message[key];
  if (typeof value !== "string" || value === "" || value.length > 512)
    throw new GateError("invalid_argument", `malformed ${record} record: ${key} is not a text of 1 to 512 characters`);
  return value;
}

function positive(message: Record<string, unknown>, key: string, record: string): number {
  const value = message[key];
  if (typeof value !== "number" || !(value > 0))
    throw new GateError("invalid_argument", `malformed ${record} record: ${key} is not a positive number`);
  return value;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
