import type { StreamEntry } from "../server/stream-entries.ts";

/** What a service's stream says of a job besides its record. */
export interface JobHeader {
  /** Id of the gate that waits for the answer. */
  gate: string;
  /** Its number there. */
  number: number;
  /** On Redis' clock, in ms; 0 for none. */
  deadline: number;
  /** 1 for the first delivery. */
  attempt: number;
  /** Deliveries after which it is put aside. */
  maxAttempts: number;
  isIdempotent: boolean;
  target: string;
}

/** One job in the stream of its service. */
export interface JobEntry extends JobHeader {
  id: string;
  /** A frame that holds its job record. */
  frame: Uint8Array;
}

const newline = 0x0a;

/** Writes a header as the first line of an entry's value; the frame follows. */
export function headerLine({ gate, number, deadline, attempt, maxAttempts, isIdempotent, target }: JobHeader): string {
  return `${gate} ${number} ${deadline} ${attempt} ${maxAttempts} ${isIdempotent ? 1 : 0} ${target}\n`;
}

/** Reads an entry whose one field is `j`; undefined for one that we did not write. */
export function readJobEntry({ id, fields }: StreamEntry): JobEntry | undefined {
  const [name, value] = fields;
  if (fields.length !== 2 || value === undefined || name?.toString("latin1") !== "j") return undefined;
  const end = value.indexOf(newline);
  const parts = value.toString("utf8", 0, Math.max(0, end)).split(" ");
  const [gate, number, deadline, attempt, maxAttempts, idempotent, target] = parts;
  const entry: JobEntry = {
    id,
    gate: gate as string,
    number: Number(number),
    deadline: Number(deadline),
    attempt: Number(attempt),
    maxAttempts: Number(maxAttempts),
    isIdempotent: idempotent === "1",
    target: target as string,
    frame: value.subarray(end + 1),
  };
  return parts.length === 7 && entry.number >= 0 && entry.deadline >= 0 && entry.attempt >= 1 ? entry : undefined;
}
