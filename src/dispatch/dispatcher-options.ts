import type { GateError } from "../error/gate-error.ts";
import type { Clock } from "../observe/clock.ts";
import type { LatencyWindow } from "../observe/latency.ts";
import type { Logger } from "../observe/logger.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import type { Registry } from "../registry/registry.ts";
import type { RouteTable } from "../routing/route-table.ts";
import type { JobRun } from "./run.ts";

/** Hears of every job, and may refuse it. It never throws: code of others is caught behind it. */
export interface DispatchHooks {
  /** A job has come in. Why it is refused, or undefined. */
  admitted(run: JobRun): GateError | undefined;
  /** A job is about to be given to `endpoint`. Why it must not be, or undefined. */
  dispatched(run: JobRun, endpoint: Endpoint): GateError | undefined;
  /** A job has ended; its caller is about to hear it. */
  settled(run: JobRun): void;
}

/** What the dispatcher is made of. */
export interface DispatcherOptions {
  registry: Registry;
  routes: RouteTable;
  clock: Clock;
  /** After the start, jobs for unknown targets wait this long for workers to come back, in ms. */
  settleMs: number;
  /** Payloads of waiting jobs that are held at most, in bytes. */
  queueBytes?: number;
  logger?: Logger;
  /** Where the durations of a target's jobs count besides in its own window; asked once, when the target becomes known. */
  latencyOf?: (target: string) => LatencyWindow | undefined;
}
