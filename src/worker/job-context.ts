import { AsyncLocalStorage } from "node:async_hooks";
import type { Metadata, MetadataInit } from "../job/metadata.ts";

/** The HTTP request that a job came from. */
export interface HttpRequestInfo {
  readonly method: string;
  /** Path and query as the caller sent them. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Values of `:name` in the bound path. */
  readonly params: Readonly<Record<string, string>>;
}

/** The running job, for its handler. */
export interface JobContext {
  readonly id: string;
  /** `Service.method`. */
  readonly target: string;
  /** The caller's headers. */
  readonly metadata: Metadata;
  /** Aborts when the caller cancels or leaves, and at the deadline. */
  readonly signal: AbortSignal;
  /** Time until the deadline, in ms; `Infinity` for none. */
  timeLeft(): number;
  /** Present when the job came over HTTP. */
  readonly http: HttpRequestInfo | undefined;
  /** What the caller streams in; empty when it streams nothing. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Sends headers before the reply; `:status` is the HTTP status. Once, and before the first chunk. */
  head(metadata: MetadataInit): void;
}

const storage = new AsyncLocalStorage<JobContext>();

/** The job that the calling code runs for; throws outside a handler. */
export function currentJob(): JobContext {
  const job = storage.getStore();
  if (job === undefined) throw new Error("currentJob() was called outside a handler; call it while a job runs");
  return job;
}

/**
 * Makes everything that runs from here on, until the calling callback returns, part of `job`.
 *
 * There is no way back out: leaving a job would cost as much as entering it, and jobs come one after the other.
 */
export function enterJob(job: JobContext): void {
  storage.enterWith(job);
}
