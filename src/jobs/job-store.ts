/**
 * Where asynchronous jobs live from their acceptance to the end of their keeping.
 *
 * To gates: what `submit` has accepted is delivered at least once, as durably as the store keeps it. Whoever takes a job holds it under a
 * lease; when the lease lapses, another takes it under a higher epoch, and from then on nothing is heard of the earlier one.
 *
 * To implementers: every step is atomic, among all gates that share the store; `exerciseJobStore` is the proof. Every step rejects with
 * `unavailable` when the store cannot be reached, and none may hang.
 */
import type { ConfigFault } from "../config/fault.ts";
import type { GateError } from "../error/gate-error.ts";
import type { Clock } from "../observe/clock.ts";
import type { Logger } from "../observe/logger.ts";
import type { AsyncJobState, NewJob, StoredJob, StoredReply } from "./stored-job.ts";

/** The right to say how an attempt ended, until the lease lapses or someone else has got a higher epoch. */
export interface Lease {
  readonly id: string;
  readonly epoch: number;
}

/** A job that a gate has got. */
export interface TakenJob {
  readonly lease: Lease;
  readonly job: StoredJob;
  /** Time left until its deadline, in ms; `Infinity` for none. */
  readonly deadlineMs: number;
}

/** Which jobs to list; the latest come first. */
export interface JobQuery {
  state?: AsyncJobState;
  target?: string;
  /** At most 1000. */
  limit: number;
  /** The id of the last job of the page before. */
  after?: string;
}

/** What a store tells of its own accord. Either may be told twice, or for nothing. */
export interface JobStoreListener {
  /** A job of the target may be taken. */
  ready(target: string): void;
  /** The job has ended, wherever that happened. */
  ended(id: string): void;
}

export interface JobStore {
  /**
   * Takes a job in, unless there is one of its target under the same idempotency key, which is given back instead.
   *
   * Rejects with `resource_exhausted` when as many wait as may, with `already_exists` when the key is of another fingerprint.
   */
  submit(job: NewJob): Promise<{ job: StoredJob; isNew: boolean }>;
  /** Up to `limit` jobs of the target that are due, oldest first, and one at most of each order key; each counts one more attempt. */
  take(target: string, limit: number, leaseMs: number): Promise<TakenJob[]>;
  /** Prolongs leases to `leaseMs` from now; resolves with those that are lost. */
  extend(leases: readonly Lease[], leaseMs: number): Promise<Lease[]>;
  /** Keeps the reply; false, and nothing happens, when the lease is lost. */
  complete(lease: Lease, reply: StoredReply): Promise<boolean>;
  /**
   * Lets a job wait again for `delayMs`, or makes it dead after its last attempt; false when the lease is lost.
   *
   * `isCounted` is false for an attempt that no worker has seen.
   */
  putBack(lease: Lease, error: GateError, delayMs: number, isCounted: boolean): Promise<boolean>;
  /** Makes a job dead; false when the lease is lost. */
  bury(lease: Lease, error: GateError): Promise<boolean>;
  get(id: string): Promise<StoredJob | undefined>;
  /** Without payloads and replies. */
  list(query: JobQuery): Promise<StoredJob[]>;
  /** How many jobs are kept in each state. */
  counts(): Promise<Record<AsyncJobState, number>>;
  /** How many dead jobs are kept of each target that has some; of about 1000 targets where more have. */
  deadByTarget(): Promise<ReadonlyMap<string, number>>;
  /** Ends a job that has not ended; gives it as it is then, or undefined when it is not there. */
  cancel(id: string): Promise<StoredJob | undefined>;
  /** Lets a dead or cancelled job wait again, at zero attempts and without a deadline; gives it as it is then. */
  retry(id: string): Promise<StoredJob | undefined>;
  /** The targets of which jobs may be taken now. Asked at the start, and every `pollMs` where there is one. */
  due(): Promise<string[]>;
  /** How often `due` must be asked, in ms, because a listener can miss something; undefined for never. */
  readonly pollMs?: number;
  listen(listener: JobStoreListener): void;
  close(): Promise<void>;
}

/** What a store gets of its gate. */
export interface JobStoreHost {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Jobs that may wait at once, over all targets. */
  readonly maxWaiting: number;
}

/** A store as a config names it: data until `open`. */
export interface JobStoreConfig {
  readonly name: string;
  /** What it was made with, so that a reload can tell a changed one. */
  readonly options?: unknown;
  check?(): readonly ConfigFault[];
  open(host: JobStoreHost): Promise<JobStore>;
}
