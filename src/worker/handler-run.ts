import { GateError } from "../error/gate-error.ts";
import type { DeadlineEntry, DeadlineWheel } from "../job/deadline-wheel.ts";
import type { Job } from "../job/job.ts";
import { Metadata, type MetadataInit } from "../job/metadata.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Clock } from "../observe/clock.ts";
import { bytesType, msgpackType } from "../protocol/content-type.ts";
import { encodePayload } from "../protocol/payload.ts";
import { bindArguments } from "./bind-arguments.ts";
import { checkOutput } from "./check-output.ts";
import { httpRequestOf } from "./http-request.ts";
import { InputStream } from "./input-stream.ts";
import { type HttpRequestInfo, type JobContext, enterJob } from "./job-context.ts";
import type { JobObservation, JobObserver } from "./job-observer.ts";
import type { LoadedMethod } from "./loaded-method.ts";
import { Reply } from "./reply.ts";

/** What the run of a handler needs of its worker. */
export interface HandlerHost {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  /** Calls the handler where its executor says. */
  execute(method: LoadedMethod, args: readonly unknown[], job: JobContext): unknown;
  /** The handler has let go of the job. */
  finished(): void;
  /** The handler threw something that is not meant for its caller; for the log, with the stack. */
  failed(method: LoadedMethod, error: unknown): void;
}

/**
 * One job in a worker: decode, bind, call, encode, answer.
 *
 * It is *running* until the sink has heard `end` or `fail`. Cancelling aborts `signal` and, when the handler is a generator, ends it
 * at its next yield; the answer `cancelled` goes out when the handler has let go, so that the gate counts it until then.
 */
export class HandlerRun implements JobContext, DeadlineEntry {
  readonly #host: HandlerHost;
  readonly #method: LoadedMethod;
  readonly #job: Job;
  readonly #sink: ReplySink;
  #abort: AbortController | undefined;
  #cancelled: GateError | undefined;
  #hasRoom: (() => void) | undefined;
  #input: InputStream | undefined;
  #http: HttpRequestInfo | null | undefined;
  /** Media type of chunks and result; the handler may name another in its head. */
  #type: string;
  #isOver = false;
  #observation: JobObservation | undefined;

  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;

  constructor(host: HandlerHost, method: LoadedMethod, job: Job, sink: ReplySink) {
    this.#host = host;
    this.#method = method;
    this.#job = job;
    this.#sink = sink;
    this.#type = job.accept;
  }

  /** Begins; the sink may be answered before this returns. */
  start(observer?: JobObserver): void {
    if (observer === undefined) return this.#begin();
    this.#observation = observer.begin(this);
    this.#observation.run(() => this.#begin());
  }

  // As the handler's context.

  get id(): string {
    return this.#job.id;
  }

  get target(): string {
    return this.#job.target;
  }

  get metadata(): Metadata {
    return this.#job.metadata;
  }

  get deadline(): number {
    return this.#job.deadline;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#cancelled !== undefined && !this.#abort.signal.aborted) this.#abort.abort(this.#cancelled);
    return this.#abort.signal;
  }

  get http(): HttpRequestInfo | undefined {
    if (this.#http === undefined) this.#http = httpRequestOf(this.#job.metadata) ?? null;
    return this.#http ?? undefined;
  }

  get input(): AsyncIterable<Uint8Array> {
    this.#input ??= InputStream.empty();
    return this.#input;
  }

  timeLeft(): number {
    return Math.max(0, this.#job.deadline - this.#host.clock.now());
  }

  head(metadata: MetadataInit): void {
    const head = Metadata.from(metadata);
    this.#type = head.get("content-type") ?? this.#type;
    this.#sink.head?.(head);
  }

  /** What the caller can do to it: apart from the context, because both know an `input`. */
  readonly control: JobControl = new CallerControl(this);

  // From the wheel.

  expire(): void {
    this.stop(new GateError("deadline_exceeded", `the deadline of ${this.#job.target} passed while it ran`));
  }

  // From the caller.

  stop(error: GateError): void {
    if (this.#isOver || this.#cancelled !== undefined) return;
    this.#cancelled = error;
    this.#abort?.abort(error);
    this.#input?.fail(error);
    this.resume();
  }

  resume(): void {
    const hasRoom = this.#hasRoom;
    this.#hasRoom = undefined;
    hasRoom?.();
  }

  /** False: hold the next piece until the sink has been told `drained`. */
  takeInput(payload: Uint8Array): boolean {
    return this.#input?.push(payload) ?? true;
  }

  endInput(): void {
    this.#input?.end();
  }

  // The way of the call.

  #begin(): void {
    if (this.#job.streamsInput) this.#input = new InputStream(() => this.#sink.drained?.());
    this.#host.wheel.add(this);
    // Whatever runs from here on is part of the job: schemas, the handler, and a generator's body while it is read.
    enterJob(this);
    try {
      const args = bindArguments(this.#method, this.#job);
      if (args instanceof Promise) args.then((bound) => this.#call(bound)).catch((error: unknown) => this.#fail(error));
      else this.#call(args);
    } catch (error) {
      this.#fail(error);
    }
  }

  #call(args: readonly unknown[]): void {
    if (this.#cancelled !== undefined) return this.#fail(this.#cancelled);
    const result = this.#host.execute(this.#method, args, this);
    if (isThenable(result))
      result.then(
        (value) => this.#settle(value),
        (error: unknown) => this.#fail(error),
      );
    else this.#settle(result);
  }

  #settle(result: unknown): void {
    if (isStream(result)) void this.#stream(result);
    else if (this.#method.options.output === undefined) this.#end(result);
    else
      checkOutput(this.#method, result).then(
        (value) => this.#end(value),
        (error: unknown) => this.#fail(error),
      );
  }

  async #stream(values: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
    try {
      for await (const value of values) {
        // Leaving the loop calls the generator's `return`, so that its `finally` blocks run.
        if (this.#cancelled !== undefined) break;
        const checked = this.#method.options.output === undefined ? value : await checkOutput(this.#method, value);
        if (!this.#sink.chunk(this.#encode(checked))) await new Promise<void>((resolve) => (this.#hasRoom = resolve));
      }
      if (this.#cancelled !== undefined) this.#fail(this.#cancelled);
      else this.#over(() => this.#sink.end());
    } catch (error) {
      this.#fail(error);
    }
  }

  #end(result: unknown): void {
    if (this.#isOver) return;
    try {
      const value = result instanceof Reply ? result.body : result;
      if (result instanceof Reply && result.head.size > 0) this.head(result.head);
      else if (value instanceof Uint8Array && this.#type !== msgpackType && this.#type !== bytesType)
        this.head({ "content-type": bytesType });
      const payload = value === undefined && this.#type !== msgpackType ? undefined : this.#encode(value);
      this.#over(() => this.#sink.end(payload));
    } catch (error) {
      this.#fail(error);
    }
  }

  #encode(value: unknown): Uint8Array {
    if (this.#type === msgpackType) return encodePayload(value, msgpackType);
    // A handler that named the type of its reply writes it itself; bytes are always themselves.
    if (value instanceof Uint8Array) return value;
    const isOwnType = this.#type !== this.#job.accept;
    return encodePayload(value, isOwnType && typeof value === "string" ? "text/plain" : this.#type);
  }

  #fail(thrown: unknown): void {
    if (this.#isOver) return;
    const error = this.#cancelled ?? toCallerError(thrown);
    if (!GateError.is(thrown)) this.#host.failed(this.#method, thrown);
    this.#over(() => this.#sink.fail(error), error);
  }

  #over(answer: () => void, error?: GateError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#host.wheel.remove(this);
    answer();
    this.#observation?.ended(error);
    this.#host.finished();
  }
}

class CallerControl implements JobControl {
  readonly #run: HandlerRun;

  constructor(run: HandlerRun) {
    this.#run = run;
  }

  cancel(reason?: string): void {
    this.#run.stop(new GateError("cancelled", reason ?? "the caller cancelled"));
  }

  resume(): void {
    this.#run.resume();
  }

  input(payload: Uint8Array): boolean {
    return this.#run.takeInput(payload);
  }

  endInput(): void {
    this.#run.endInput();
  }
}

/** An exception arrives with class and message; its stack stays here. */
function toCallerError(thrown: unknown): GateError {
  if (GateError.is(thrown)) return thrown;
  const error = GateError.from(thrown, "unknown");
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return new GateError(error.code, error.message, { cause: thrown, details: { error: name } });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as Partial<PromiseLike<unknown>>).then === "function";
}

/** Generators and async iterables stream; arrays, strings, maps and other collections are values. */
function isStream(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Symbol.asyncIterator in value || (Symbol.iterator in value && typeof (value as Partial<Iterator<unknown>>).next === "function");
}
