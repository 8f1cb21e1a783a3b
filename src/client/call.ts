import { GateError } from "../error/gate-error.ts";
import type { DeadlineEntry } from "../job/deadline-wheel.ts";
import type { Job } from "../job/job.ts";
import { Metadata } from "../job/metadata.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import { decodePayload } from "../protocol/payload.ts";
import type { CallObservation } from "./call-observer.ts";

/** Chunks that wait for a slow reader before the worker is held up. */
const highWater = 16;
const lowWater = 4;

/** What a call needs of its client. */
export interface CallHost {
  /** The call has ended: forget its deadline and its place. */
  ended(call: Call<unknown>): void;
  /** True when the client has taken the failed call to send it again. */
  sendAgain(call: Call<unknown>, error: GateError): boolean;
  /** Why the call still waits to be sent; undefined for one that has been. */
  whyUnsent(call: Call<unknown>): GateError | undefined;
}

/**
 * A call under way: await it for its one value, or iterate it for its stream.
 *
 * It has been sent when you hold it. Awaiting a stream collects it into an array; leaving a `for await` loop cancels the call.
 * A failure that nobody awaits is not reported anywhere.
 */
export class Call<Result> implements PromiseLike<Result>, AsyncIterable<unknown>, ReplySink, DeadlineEntry {
  readonly job: Job;
  readonly #host: CallHost;
  #control: JobControl | undefined;
  #head: Metadata = Metadata.empty;
  #state: "open" | "done" | "failed" = "open";
  #value: unknown;
  #error: GateError | undefined;
  /** Values that have arrived and not been read; undefined until the first chunk. */
  #chunks: unknown[] | undefined;
  #isPaused = false;
  #isCollecting = false;
  #wake: (() => void) | undefined;
  #promise: Promise<Result> | undefined;
  #resolve: ((value: unknown) => void) | undefined;
  #reject: ((error: GateError) => void) | undefined;
  #onAbort: (() => void) | undefined;
  /** Times that it has been sent. */
  attempts = 0;
  observation: CallObservation | undefined;
  /** Its place among the client's open calls; 0 before it has one. */
  number = 0;

  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;

  constructor(job: Job, host: CallHost, signal: AbortSignal | undefined) {
    this.job = job;
    this.#host = host;
    if (signal === undefined) return;
    const onAbort = (): void => this.cancel(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#onAbort = () => signal.removeEventListener("abort", onAbort);
  }

  get deadline(): number {
    return this.job.deadline;
  }

  get hasEnded(): boolean {
    return this.#state !== "open";
  }

  /** The reply came, or began to come, as a stream. */
  get isStream(): boolean {
    return this.#chunks !== undefined;
  }

  /** Headers of the reply, once they are here. */
  get headers(): Metadata {
    return this.#head;
  }

  // For callers.

  then<Fulfilled = Result, Rejected = never>(
    onFulfilled?: ((value: Result) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#asPromise().then(onFulfilled, onRejected);
  }

  catch<Rejected = never>(onRejected: (reason: unknown) => Rejected | PromiseLike<Rejected>): Promise<Result | Rejected> {
    return this.#asPromise().catch(onRejected);
  }

  finally(onFinally: () => void): Promise<Result> {
    return this.#asPromise().finally(onFinally);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    try {
      while (true) {
        const chunks = this.#chunks;
        if (chunks !== undefined && chunks.length > 0) {
          const value = chunks.shift();
          if (this.#isPaused && chunks.length <= lowWater) this.#resume();
          yield value;
        } else if (this.#state === "failed") throw this.#error as GateError;
        else if (this.#state === "done") {
          if (chunks === undefined) yield this.#value;
          return;
        } else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      if (!this.hasEnded) this.cancel("the reader left");
    }
  }

  /** Ends the call now, as `cancelled`, and tells the worker. */
  cancel(reason?: unknown): void {
    if (this.hasEnded) return;
    const isTimeout = reason instanceof Error && reason.name === "TimeoutError";
    const error = isTimeout
      ? GateError.from(reason)
      : new GateError("cancelled", typeof reason === "string" ? reason : "the caller cancelled", { cause: reason });
    this.#control?.cancel(error.message);
    this.#failWith(error);
  }

  // From the client.

  /** Who controls the call now that it has been sent. */
  sentThrough(control: JobControl): void {
    if (!this.hasEnded) this.#control = control;
  }

  refuse(error: GateError): void {
    if (!this.hasEnded) this.#failWith(error);
  }

  expire(): void {
    if (this.hasEnded) return;
    this.#control?.cancel("deadline exceeded");
    const cause = this.#host.whyUnsent(this);
    const reason = cause === undefined ? "" : ` before it could be sent: ${cause.message}`;
    this.#failWith(new GateError("deadline_exceeded", `the deadline of ${this.job.target} passed${reason}`, { cause }));
  }

  // From the link.

  head(metadata: Metadata): void {
    this.#head = metadata;
  }

  chunk(payload: Uint8Array): boolean {
    if (this.hasEnded) return true;
    this.#chunks ??= [];
    try {
      this.#chunks.push(this.#decode(payload));
    } catch (error) {
      this.cancel(GateError.from(error).message);
      return true;
    }
    this.#wakeUp();
    this.#isPaused = this.#chunks.length >= highWater && !this.#isCollecting;
    return !this.#isPaused;
  }

  end(payload?: Uint8Array): void {
    if (this.hasEnded) return;
    try {
      this.#value = payload === undefined ? undefined : this.#decode(payload);
    } catch (error) {
      return this.#failWith(GateError.from(error));
    }
    this.#state = "done";
    this.#over();
    this.#resolve?.(this.#chunks ?? this.#value);
  }

  fail(error: GateError): void {
    if (this.hasEnded) return;
    this.#control = undefined;
    if (this.#chunks === undefined && this.#host.sendAgain(this, error)) return;
    this.#failWith(error);
  }

  #failWith(error: GateError): void {
    this.#state = "failed";
    this.#error = error;
    this.#over();
    this.#reject?.(error);
  }

  #over(): void {
    this.#control = undefined;
    this.#onAbort?.();
    this.#host.ended(this);
    this.observation?.ended(this.#error);
    this.#wakeUp();
  }

  #decode(payload: Uint8Array): unknown {
    const named = this.#head.size === 0 ? undefined : this.#head.get("content-type");
    return decodePayload(payload, named ?? this.job.accept);
  }

  #asPromise(): Promise<Result> {
    if (this.#promise !== undefined) return this.#promise;
    this.#isCollecting = true;
    this.#resume();
    if (this.#state === "done") this.#promise = Promise.resolve((this.#chunks ?? this.#value) as Result);
    else if (this.#state === "failed") this.#promise = Promise.reject(this.#error);
    else {
      this.#promise = new Promise<Result>((resolve, reject) => {
        this.#resolve = resolve as (value: unknown) => void;
        this.#reject = reject;
      });
    }
    return this.#promise;
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#control?.resume();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
