import type { GateError } from "../error/gate-error.ts";
import type { Metadata } from "./metadata.ts";

/**
 * What comes back to whoever sent a job.
 *
 * To callers of a sink (endpoints): call `head` at most once and before the first chunk, then any number of chunks, then exactly
 * one of `end` and `fail`, and nothing after it. A cancelled job is no exception: its `end` or `fail` says that the worker has let go.
 * To implementers (doors): never throw; a chunk for which you returned false was still taken.
 */
export interface ReplySink {
  head?(metadata: Metadata): void;
  /** False: the caller is slow; hold further chunks until `JobControl.resume`. */
  chunk(payload: Uint8Array): boolean;
  end(payload?: Uint8Array, trailers?: Metadata): void;
  /** `neverStarted`: no handler saw the job, so it may run elsewhere even when it is not idempotent. */
  fail(error: GateError, neverStarted?: boolean): void;
  /** The worker has room for more input after a `JobControl.input` that returned false. */
  drained?(): void;
}

/** What the sender of a job can still do to it. Every call is harmless once the job has ended. */
export interface JobControl {
  /** Id of the worker that runs the job or ran it last; undefined before that. */
  readonly worker?: string | undefined;
  /** Asks the worker to stop; the sink still hears its one `end` or `fail`. */
  cancel(reason?: string): void;
  /** The caller has room again after a sink's `chunk` returned false. */
  resume(): void;
  /** Sends one more piece of input; false: hold the next until `ReplySink.drained`. */
  input?(payload: Uint8Array): boolean;
  endInput?(): void;
}
