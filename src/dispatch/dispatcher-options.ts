import type { Clock } from "../observe/clock.ts";
import type { Logger } from "../observe/logger.ts";
import type { Registry } from "../registry/registry.ts";
import type { RouteTable } from "../routing/route-table.ts";
import type { JobRun } from "./run.ts";

/** Hears of every job; see the plugin contract. */
export interface DispatchListener {
  settled?(run: JobRun): void;
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
}
