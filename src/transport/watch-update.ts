/**
 * What `Gate.watch` streams: the first update tells everything, each later one only what has changed since the one before.
 *
 * A row of a later update has its name and the fields that changed; a field that is left out is as it was. Counts run since the gate
 * started, so that rates are differences of two updates, and an update that a slow reader missed costs nothing. Times in ms.
 */
import type { KeptJobs } from "../jobs/kept-counts.ts";
import type { GateInfo } from "./status.ts";

/** One target: what its callers see. */
export interface TargetRow {
  name: string;
  /** Pattern of the route that holds for it. */
  route: string;
  strategy: string;
  /** Workers that serve it, ready or not. */
  workers: number;
  running: number;
  depth: number;
  bound: number;
  /** How long the head of the queue has waited. */
  oldestMs: number;
  accepted: number;
  completed: number;
  failed: number;
  cancelled: number;
  expired: number;
  refused: number;
  /** Jobs that were put aside as dead and are kept: by the gate, or where its workers take their jobs. */
  dead: number;
  /** Of what callers waited lately. */
  p50Ms: number;
  p99Ms: number;
}

/** One worker: who it is, whether it lives, what it does. */
export interface WorkerRow {
  id: string;
  transport: string;
  address: string;
  state: "ready" | "draining" | "down";
  /** Empty when it names none. */
  version: string;
  capacity: number;
  inFlight: number;
  /** Heartbeats answered so far; -1 where the transport has other health checks. */
  beats: number;
  missedBeats: number;
  completed: number;
  failed: number;
  averageMs: number;
  p99Ms: number;
  /** When it joined, on the gate's uptime. */
  joinedAtMs: number;
}

/** One pool of servers behind a door. */
export interface PoolRow {
  name: string;
  transport: string;
  servers: number;
  /** Servers that take calls. */
  ready: number;
  connections: number;
  /** Calls that run. */
  calls: number;
  /** Calls at once that the servers which are ready take. */
  capacity: number;
  /** Calls that wait for a place at the door of the pool. */
  waiting: number;
}

/** Something that happened at the gate. */
export interface GateEvent {
  /** When, on the gate's uptime. */
  atMs: number;
  kind: "started" | "reloaded" | "joined" | "left" | "down" | "ready" | "draining";
  /** Which worker; empty for the gate itself. */
  worker: string;
  /** For people. */
  text: string;
}

/** The fields of a row that changed, under its name. */
export type RowChange<Row, Key extends keyof Row> = Pick<Row, Key> & Partial<Row>;

/** One item of the stream. */
export interface WatchUpdate {
  /** 0 for the first update of a stream. */
  sequence: number;
  uptimeMs: number;
  /** In the first update, and when it changed. */
  gate?: Pick<GateInfo, "name" | "id" | "version" | "state" | "transports">;
  /** CPU time that the gate's process has used, and the memory that it holds. */
  process: { cpuMs: number; residentBytes: number };
  /** Over all targets; the gate's own service is left out. */
  jobs: GateInfo["jobs"] & { p50Ms: number; p99Ms: number };
  targets: RowChange<TargetRow, "name">[];
  goneTargets: string[];
  workers: RowChange<WorkerRow, "id">[];
  goneWorkers: string[];
  pools: RowChange<PoolRow, "name">[];
  gonePools: string[];
  /** Jobs that are kept for callers who do not wait. */
  kept: KeptJobs;
  /** Oldest first. */
  events: GateEvent[];
}
