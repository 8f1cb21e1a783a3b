import type { GateError } from "../error/gate-error.ts";
import type { Job } from "../job/job.ts";
import type { Metadata } from "../job/metadata.ts";
import type { MethodInfo } from "../job/method-info.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";

/** A method that takes its jobs as an endpoint does: bytes that nobody has decoded, and a sink for the reply. */
export interface RawMethod {
  readonly info: MethodInfo;
  /** Does one job. The sink hears exactly one `end` or `fail`, also after a cancel. */
  send(job: Job, sink: ReplySink): JobControl;
}

/** Passes a reply on, and calls `ended` with its end. */
export class CountedSink implements ReplySink {
  readonly #sink: ReplySink;
  readonly #ended: () => void;
  #isOver = false;

  constructor(sink: ReplySink, ended: () => void) {
    this.#sink = sink;
    this.#ended = ended;
  }

  head(metadata: Metadata): void {
    this.#sink.head?.(metadata);
  }

  chunk(payload: Uint8Array): boolean {
    return this.#sink.chunk(payload);
  }

  end(payload?: Uint8Array, trailers?: Metadata): void {
    this.#sink.end(payload, trailers);
    this.#over();
  }

  fail(error: GateError, neverStarted?: boolean): void {
    this.#sink.fail(error, neverStarted);
    this.#over();
  }

  drained(): void {
    this.#sink.drained?.();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended();
  }
}
