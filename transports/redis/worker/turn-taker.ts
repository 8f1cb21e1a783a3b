import { GateError, type Job, type JobControl, type Metadata, type ReplySink } from "unigate/transport";

/** A job that may have to wait before it is run; it tells when it has left, once, whether it was run or not. */
export class TurnTaker implements ReplySink, JobControl {
  readonly #job: Job;
  readonly #sink: ReplySink;
  readonly #left: (taker: TurnTaker) => void;
  #control: JobControl | undefined;
  #input: Uint8Array[] = [];
  #hasInputEnded = false;

  constructor(job: Job, sink: ReplySink, left: (taker: TurnTaker) => void) {
    this.#job = job;
    this.#sink = sink;
    this.#left = left;
  }

  /** Its turn has come. */
  start(run: (job: Job, sink: ReplySink) => JobControl): void {
    this.#control = run(this.#job, this);
    let hasRoom = true;
    for (const payload of this.#input.splice(0)) hasRoom = this.#control.input?.(payload) ?? true;
    if (this.#hasInputEnded) this.#control.endInput?.();
    else if (hasRoom && this.#job.streamsInput) this.#sink.drained?.();
  }

  // From the caller.

  cancel(reason?: string): void {
    if (this.#control === undefined) this.fail(new GateError("cancelled", reason ?? "it was taken back"), true);
    else this.#control.cancel(reason);
  }

  resume(): void {
    this.#control?.resume();
  }

  input(payload: Uint8Array): boolean {
    if (this.#control !== undefined) return this.#control.input?.(payload) ?? true;
    this.#input.push(payload);
    return false;
  }

  endInput(): void {
    this.#hasInputEnded = true;
    this.#control?.endInput?.();
  }

  // From the handler.

  head(metadata: Metadata): void {
    this.#sink.head?.(metadata);
  }

  chunk(payload: Uint8Array): boolean {
    return this.#sink.chunk(payload);
  }

  end(payload?: Uint8Array, trailers?: Metadata): void {
    this.#sink.end(payload, trailers);
    this.#left(this);
  }

  fail(error: GateError, neverStarted?: boolean): void {
    this.#sink.fail(error, neverStarted);
    this.#left(this);
  }

  drained(): void {
    this.#sink.drained?.();
  }
}
