import {
  type AsyncJobState,
  attemptsLost,
  deadlinePassed,
  decodePayload,
  encodePayload,
  Metadata,
  type MetadataValue,
  msgpackType,
  type StoredJob,
  type StoredReply,
  type WireError,
} from "unigate/transport";
import { listedFields } from "./job-scripts.ts";

const noBytes = new Uint8Array(0);

/** Values that Redis only keeps, as bytes. */
export function pack(value: unknown): Uint8Array {
  return encodePayload(value, msgpackType);
}

/** A job as `HGETALL` gives it: field, value, field, value, …; undefined when there is none. */
export function jobOfHash(flat: readonly Buffer[]): StoredJob | undefined {
  if (flat.length === 0) return undefined;
  const fields = new Map<string, Buffer>();
  for (let at = 0; at + 1 < flat.length; at += 2) fields.set(String(flat[at]), flat[at + 1] as Buffer);
  return jobOf(fields);
}

/** A job as a list gives it. */
export function jobOfList(values: readonly (Buffer | null)[]): StoredJob {
  return jobOf(new Map(listedFields.flatMap((field, at) => (values[at] instanceof Buffer ? [[field, values[at]]] : []))));
}

function jobOf(fields: ReadonlyMap<string, Buffer>): StoredJob {
  const text = (field: string): string | undefined => fields.get(field)?.toString();
  const number = (field: string): number | undefined => (fields.has(field) ? Number(text(field)) : undefined);
  const [reply, meta] = [fields.get("reply"), fields.get("meta")];
  const state = text("state") as AsyncJobState;
  const target = text("target") as string;
  const attempts = number("attempts") as number;
  return {
    id: text("id") as string,
    target,
    payload: fields.get("payload") ?? noBytes,
    contentType: text("type") as string,
    accept: text("accept") as string,
    metadata: meta === undefined ? Metadata.empty : Metadata.fromFlat(unpack(meta) as MetadataValue[]),
    idempotencyKey: text("key"),
    orderKey: text("order"),
    state,
    attempts,
    maxAttempts: number("most") as number,
    submittedAt: number("submittedAt") as number,
    startedAt: number("startedAt"),
    endedAt: number("endedAt"),
    dueAt: state === "waiting" ? number("dueAt") : undefined,
    expiresAt: number("expiresAt"),
    error: errorOf(text("error"), target, attempts),
    reply: reply === undefined ? undefined : (unpack(reply) as StoredReply),
  };
}

/** The scripts name two errors that only they can know of. */
function errorOf(text: string | undefined, target: string, attempts: number): WireError | undefined {
  if (text === undefined) return undefined;
  if (text === "late") return deadlinePassed(target).toWire();
  if (text === "lost") return attemptsLost(attempts).toWire();
  return JSON.parse(text) as WireError;
}

function unpack(bytes: Uint8Array): unknown {
  return decodePayload(bytes, msgpackType);
}
