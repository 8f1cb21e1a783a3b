import type { GateError } from "../error/gate-error.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import type { JobRun } from "./run.ts";

export type JobState = "waiting" | "running" | "completed" | "failed" | "cancelled" | "expired";

/** What a run needs of the dispatcher. */
export interface RunOwner {
  /** The endpoint has let go; called once per placement. `run.code` and `run.durationMs` tell how it went. */
  released(run: JobRun, endpoint: Endpoint): void;
  /** The job failed on its endpoint before the caller saw anything: true when it may wait for another place. */
  mayRunAgain(run: JobRun, error: GateError, neverStarted: boolean): boolean;
  /** The run waits again. Its endpoint is about to be `released`, which looks for a place. */
  waitAgain(run: JobRun): void;
  /** Why a run that has waited as long as its route allows ends. */
  refusalOfWait(run: JobRun): GateError;
  /** The run has ended; called once. A waiting run must leave its queue. */
  ended(run: JobRun, wasWaiting: boolean): void;
  /** The run had ended when its caller's sink threw: `run.error` tells what. */
  unheard(run: JobRun): void;
  now(): number;
}
