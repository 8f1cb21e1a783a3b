import { decodePayload, encodePayload, type MethodInfo, msgpackType } from "unigate/transport";

/** What a participant says of itself in the table. */
export interface Member {
  kind: "gate" | "worker";
  /** Its name, for people. */
  name: string;
  incarnation: string;
  /** Of a gate: its id, which no other has. */
  id?: string;
  /** Of a gate: how it wants its jobs delivered. */
  delivery?: "pull" | "push";
  /** Of a worker: jobs that it takes at once. */
  capacity?: number;
  version?: string;
  weight?: number;
  /** Of a worker: those that it serves. */
  services?: readonly string[];
}

/** A member as it is stored. */
export function packMember(member: Member): Uint8Array {
  return encodePayload(member, msgpackType);
}

/** Reads a stored member; undefined for what is none. */
export function readMember(bytes: Uint8Array): Member | undefined {
  const value = unpack(bytes) as Partial<Member> | undefined;
  if (typeof value !== "object" || value === null) return undefined;
  if ((value.kind !== "gate" && value.kind !== "worker") || typeof value.name !== "string") return undefined;
  const capacity = typeof value.capacity === "number" ? value.capacity : 1;
  const services = namesOf(value.services);
  return { ...value, kind: value.kind, name: value.name, incarnation: String(value.incarnation), capacity, services };
}

/** The methods of one service as they are stored. */
export function packMethods(methods: readonly MethodInfo[]): Uint8Array {
  return encodePayload(methods, msgpackType);
}

/** Reads stored methods; what is none is left out. */
export function readMethods(bytes: Uint8Array): MethodInfo[] {
  return methodsOf(unpack(bytes));
}

function namesOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

function methodsOf(value: unknown): MethodInfo[] {
  if (!Array.isArray(value)) return [];
  return value.filter((method): method is MethodInfo => typeof (method as Partial<MethodInfo> | null)?.name === "string");
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return decodePayload(bytes, msgpackType);
  } catch {
    return undefined;
  }
}
