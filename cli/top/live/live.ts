/** What the dashboard knows of the gate: the latest rows, the rates between the last two updates, a minute of history. */
import type { GateEvent, KeptJobs, PoolRow, TargetRow, WatchUpdate, WorkerRow } from "unigate/transport";

/** One target with its rates, per second. */
export interface LiveTarget extends TargetRow {
  calls: number;
  errors: number;
}

/** One worker with its rate, and whether its heart beat since the update before. */
export interface LiveWorker extends WorkerRow {
  calls: number;
  hasBeaten: boolean;
  /** Its latest samples, the newest last: was a beat missing? */
  pulse: readonly boolean[];
}

/** An event at the time of day at which it happened. */
export interface LiveEvent {
  /** Milliseconds since 1970. */
  at: number;
  kind: GateEvent["kind"] | "lost" | "attached";
  worker: string;
  text: string;
}

/** Figures over all targets; rates per second. */
export interface LiveTotals {
  calls: number;
  errors: number;
  p50Ms: number;
  p99Ms: number;
  open: number;
  /** Share of one processor that the gate used. */
  cpu: number;
  residentBytes: number;
}

export interface Live {
  /** Undefined before the first update. */
  gate: Required<WatchUpdate>["gate"] | undefined;
  uptimeMs: number;
  totals: LiveTotals;
  /** Calls per second, the newest last. */
  history: readonly number[];
  targets: ReadonlyMap<string, LiveTarget>;
  workers: ReadonlyMap<string, LiveWorker>;
  /** Servers behind doors. */
  pools: ReadonlyMap<string, PoolRow>;
  /** Jobs for callers who do not wait; undefined before the gate has told. */
  kept: KeptJobs | undefined;
  /** Oldest first. */
  events: readonly LiveEvent[];
  /** The last update as it came: what the next one is compared with. */
  last: Pick<WatchUpdate, "jobs" | "process"> | undefined;
  /** When the last update came, in ms since 1970. */
  seenAt: number;
  /** Updates so far; rates are known from the second on. */
  updates: number;
}

/** Before the gate has said anything. */
export const nothingYet: Live = {
  gate: undefined,
  uptimeMs: 0,
  totals: { calls: 0, errors: 0, p50Ms: 0, p99Ms: 0, open: 0, cpu: 0, residentBytes: 0 },
  history: [],
  targets: new Map(),
  workers: new Map(),
  pools: new Map(),
  kept: undefined,
  events: [],
  last: undefined,
  seenAt: 0,
  updates: 0,
};
