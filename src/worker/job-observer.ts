import type { GateError } from "../error/gate-error.ts";
import type { JobContext } from "./job-context.ts";

/** Looks on while a worker works; must not throw. `unigate/plugins/tracing` has one. */
export interface JobObserver {
  /** A job has come in for a handler. */
  begin(job: JobContext): JobObservation;
}

/** One job as its observer sees it. */
export interface JobObservation {
  /** Calls `start` at once: whatever async context it is called in is that of the schemas, the handler and its stream. */
  run(start: () => void): void;
  /** The job has been answered, once; `error` is what the caller hears. */
  ended(error: GateError | undefined): void;
}
