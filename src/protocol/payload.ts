import { Packr } from "msgpackr";
import { GateError } from "../error/gate-error.ts";
import { toBase64 } from "../observe/platform.ts";
import { bytesType, jsonType, msgpackType, textType } from "./content-type.ts";

/**
 * Values to bytes and back, for clients, workers and the gate's own service: the gate itself never decodes what it carries.
 */
const packr = new Packr({ useRecords: false, mapsAsObjects: true, moreTypes: true });
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Encodes `value` in the media type `type`; throws `internal` for a value that it cannot express. */
export function encodePayload(value: unknown, type: string): Uint8Array {
  try {
    if (type === msgpackType) return packr.pack(value);
    if (type === textType) return encoder.encode(typeof value === "string" ? value : toJson(value));
    if (value instanceof Uint8Array && type === bytesType) return value;
    return encoder.encode(toJson(value));
  } catch (error) {
    throw new GateError("internal", `the value cannot be written as ${type}: ${GateError.from(error).message}`, { cause: error });
  }
}

/** Decodes bytes of the media type `type`; a type that is neither msgpack, JSON nor text stays bytes. Throws `invalid_argument`. */
export function decodePayload(payload: Uint8Array, type: string): unknown {
  try {
    if (type === msgpackType) return packr.unpack(payload);
    if (isJson(type)) return JSON.parse(decoder.decode(payload));
    if (type.startsWith("text/")) return decoder.decode(payload);
    return payload;
  } catch (error) {
    throw new GateError("invalid_argument", `the payload is not valid ${type}: ${GateError.from(error).message}`, { cause: error });
  }
}

/** Tells whether a media type is JSON or built on it. */
export function isJson(type: string): boolean {
  return type === jsonType || type.endsWith("+json");
}

function toJson(value: unknown): string {
  if (typeof value === "bigint") return `"${value}"`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  return JSON.stringify(value, plain) ?? "null";
}

/** What JSON has no word for: bytes as base64, big integers as digits (both as protobuf's JSON does), maps as objects, sets as lists. */
function plain(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object") return value;
  // `toJSON` of a Buffer has run by the time a replacer sees the value, so look at the holder.
  const original = (this as Record<string, unknown>)[key];
  if (original instanceof Uint8Array) return toBase64(original);
  if (value instanceof Map) return Object.fromEntries(value);
  return value instanceof Set ? [...value] : value;
}
