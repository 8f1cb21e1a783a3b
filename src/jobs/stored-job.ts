import type { WireError } from "../error/gate-error.ts";
import type { Metadata, MetadataValue } from "../job/metadata.ts";

/**
 * Where an asynchronous job stands.
 *
 * | from | what happens | to |
 * |---|---|---|
 * | waiting | a gate takes it for a worker that has room | running |
 * | running | the worker answers | completed |
 * | running | it fails and may be tried again, or its gate is lost | waiting |
 * | running | it fails for good, or for the last time | dead |
 * | waiting | its deadline passes | dead |
 * | waiting, running | someone cancels it | cancelled |
 * | dead, cancelled | someone retries it | waiting |
 */
export type AsyncJobState = "waiting" | "running" | "completed" | "dead" | "cancelled";

/** Every state, in the order of a job's life. */
export const asyncJobStates: readonly AsyncJobState[] = ["waiting", "running", "completed", "dead", "cancelled"];

/** The states in which nothing more happens to a job by itself. */
export function hasEnded(state: AsyncJobState): boolean {
  return state !== "waiting" && state !== "running";
}

/** What a worker answered: the head, the chunks of a stream, and what came last. */
export interface StoredReply {
  /** Key, value, key, value, … */
  head: readonly MetadataValue[];
  /** Undefined for a single value. */
  chunks?: readonly Uint8Array[];
  payload?: Uint8Array;
  worker?: string;
}

/** A job as it is handed to a store. Times are lengths, in ms: the clock of the store holds. */
export interface NewJob {
  /** Chosen by whoever submits it, and not to be guessed. */
  id: string;
  target: string;
  payload: Uint8Array;
  contentType: string;
  accept: string;
  metadata: Metadata;
  /** Submitting it again gives the same job, for as long as the store keeps it; counts within its target. */
  idempotencyKey?: string;
  /** Of what was submitted: another one under the same key is refused. */
  fingerprint?: string;
  /** Jobs of one target with the same key run one after the other, in the order of their acceptance. */
  orderKey?: string;
  /** Not before this has passed. */
  delayMs: number;
  /** It is given up when it has not begun by then; `Infinity` for never. */
  deadlineMs: number;
  maxAttempts: number;
  /** How long it is kept after its end. */
  resultTtlMs: number;
}

/** A job as a store shows it. Dates are ms since 1970, by the store's clock. */
export interface StoredJob {
  readonly id: string;
  readonly target: string;
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly accept: string;
  readonly metadata: Metadata;
  readonly idempotencyKey?: string | undefined;
  readonly orderKey?: string | undefined;
  readonly state: AsyncJobState;
  /** How often it was taken, the present time included. */
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly submittedAt: number;
  /** Of the latest attempt. */
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  /** While it waits: not before then. */
  readonly dueAt?: number | undefined;
  /** Undefined for never. */
  readonly expiresAt?: number | undefined;
  /** How the latest attempt failed. */
  readonly error?: WireError | undefined;
  readonly reply?: StoredReply | undefined;
}
