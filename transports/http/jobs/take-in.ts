import type { GateError, JobControl, Metadata, ReplySink } from "unigate/transport";
import { keepJob, type KeepRequest } from "./keep-job.ts";
import { preferenceOf } from "./preference.ts";
import type { KeptSink } from "./show-reply.ts";

/** A request whose job is ready to go. */
export interface TakenRequest extends KeepRequest {
  /** It came through a bound route, whose query is its worker's. */
  isBound: boolean;
}

const atOnce = { waitMs: 0, applied: undefined };

/** Brings a job to a worker, or keeps it where its caller or its route does not want to wait for one. */
export function takeIn(taken: TakenRequest): void {
  const { gate, request, job, sink, intake, isBound } = taken;
  const preference = preferenceOf(request, !isBound);
  if (preference !== undefined) return keepJob(taken, preference);
  if (intake === undefined || intake.mode === "live") return sink.controlledBy(gate.dispatch(job, sink));
  if (intake.mode === "async" || !gate.isServed(job.target)) return keepJob(taken, atOnce);
  const live = new LiveSink(sink, () => keepJob(taken, atOnce));
  live.controlledBy(gate.dispatch(job, live));
}

/** Answers live, unless no worker has begun the job: then it is kept after all. */
class LiveSink implements ReplySink {
  readonly #sink: KeptSink;
  readonly #keep: () => void;
  #control: JobControl | undefined;

  constructor(sink: KeptSink, keep: () => void) {
    this.#sink = sink;
    this.#keep = keep;
  }

  controlledBy(control: JobControl): void {
    this.#control = control;
    this.#sink.controlledBy(control);
  }

  head(metadata: Metadata): void {
    this.#sink.head?.(metadata);
  }

  chunk(payload: Uint8Array): boolean {
    return this.#sink.chunk(payload);
  }

  end(payload?: Uint8Array): void {
    this.#sink.end(payload);
  }

  fail(error: GateError, neverStarted = false): void {
    // A job that fails before `dispatch` returns is not told yet who had it.
    queueMicrotask(() => {
      const hasBegun = !neverStarted && this.#control?.worker !== undefined;
      if (hasBegun || (error.code !== "unavailable" && error.code !== "resource_exhausted")) this.#sink.fail(error);
      else this.#keep();
    });
  }
}
