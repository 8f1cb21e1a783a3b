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

/** Writes a header as the value of the field `h`. */
export function headerText({ gate, number, deadline, attempt, maxAttempts, isIdempotent, target }: JobHeader): string {
  return `${gate} ${number} ${deadline} ${attempt} ${maxAttempts} ${isIdempotent ? 1 : 0} ${target}`;
}

/** Reads an entry with the fields `h` and `j`; undefined for one that we did not write. */
export function readJobEntry({ id, fields }: StreamEntry): JobEntry | undefined {
  const [headerName, header, jobName, frame] = fields;
  if (fields.length !== 4 || headerName?.toString("latin1") !== "h" || jobName?.toString("latin1") !== "j") return undefined;
  const parts = (header as Buffer).toString().split(" ");
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
    frame: frame as Buffer,
  };
  return parts.length === 7 && entry.number >= 0 && entry.deadline >= 0 && entry.attempt >= 1 ? entry : undefined;
}
