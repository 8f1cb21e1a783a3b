import type { Code } from "../error/code.ts";
import type { MethodInfo } from "../job/method-info.ts";
import type { Address } from "./address.ts";

/** The gate at a glance: `GET /info`, `gate info`. Times in ms. */
export interface GateInfo {
  name: string;
  id: string;
  version: string;
  state: "starting" | "ready" | "draining" | "closed";
  uptimeMs: number;
  /** `details` are figures that only the transport knows. */
  transports: { name: string; addresses: readonly Address[]; details?: Readonly<Record<string, unknown>> }[];
  jobs: { open: number; accepted: number; completed: number; failed: number; cancelled: number; expired: number; refused: number };
  workers: { ready: number; draining: number; down: number };
  methods: number;
  process: { pid: number; node: string; residentBytes: number };
}

/** One route as configured: `GET /routes`, `gate routes`. */
export interface RouteStatus {
  pattern: string;
  strategy: string;
  timeoutMs: number;
  queue: number;
  waitForWorkerMs: number;
  attempts: number;
  idempotent: boolean;
  /** Targets that it holds for now, with their HTTP bindings. */
  targets: { name: string; http: string[]; workers: number }[];
}

/** One service as its workers declare it: `GET /services`, `gate list`. */
export interface ServiceStatus {
  name: string;
  /** Endpoints that serve at least one of its methods and are ready. */
  workers: number;
  methods: MethodInfo[];
}

/** One endpoint: `GET /workers`, `gate workers`. */
export interface WorkerStatus {
  id: string;
  transport: string;
  address: string;
  state: "ready" | "draining" | "down";
  version: string | undefined;
  weight: number;
  capacity: number;
  inFlight: number;
  missedBeats: number;
  /** Jobs that have ended on it, one way or the other. */
  total: number;
  completed: number;
  failed: number;
  /** Mean duration of its ended jobs; 0 before the first. */
  averageMs: number;
  /** Of the jobs that ended on it lately: in the last 10 to 20 s, or before it went idle. */
  p50Ms: number;
  p99Ms: number;
  uptimeMs: number;
  methods: string[];
}

/** One endpoint, and how its latest jobs failed: `Gate.worker`. */
export interface WorkerDetail extends WorkerStatus {
  /** The last one first, ten at most. */
  failures: { agoMs: number; target: string; code: Code; message: string }[];
}

/** What became of the wish that a worker drains: `Gate.drain`. */
export interface DrainStatus {
  id: string;
  /** Jobs that it finishes first. */
  inFlight: number;
  /** It has been asked to leave; otherwise it only gets no new jobs, because its transport cannot ask. */
  isAsked: boolean;
}

/** One target with its queue: `GET /queues`, `gate queues`. */
export interface QueueStatus {
  target: string;
  /** Pattern of its route. */
  route: string;
  depth: number;
  bound: number;
  /** How long the head has waited; 0 when nobody waits. */
  oldestMs: number;
  running: number;
  accepted: number;
  completed: number;
  failed: number;
  cancelled: number;
  expired: number;
  refused: number;
}

/** Why a job for a target goes where it goes: `gate explain`. */
export interface Explanation {
  target: string;
  isKnown: boolean;
  /** Patterns in the order in which they are tried; the first that is configured wins. */
  patterns: { pattern: string; isConfigured: boolean }[];
  route: string;
  strategy: string;
  queue: { depth: number; bound: number };
  candidates: { id: string; isCandidate: boolean; reason: string }[];
}

/** Where a job under way is, and what it waits for: `Gate.explainJob`. */
export interface JobExplanation {
  id: string;
  target: string;
  /** Pattern of its route; undefined while nobody knows its target. */
  route: string | undefined;
  state: "waiting" | "running";
  /** Who runs it, or ran it last. */
  worker: string | undefined;
  /** Placements so far. */
  attempts: number;
  ageMs: number;
  /** Until its deadline; undefined for none. */
  leftMs: number | undefined;
  /** Jobs of its method that wait since earlier. */
  ahead: number;
  /** The version that its caller wants. */
  version: string | undefined;
}

/** A pool of servers behind a door: what a transport tells of it. */
export interface PoolFigures {
  /** As its config names it. */
  name: string;
  /** Calls at once on each server. */
  size: number;
  /** What a pool may overflow to while every server is full, on each; the same as `size` when it may not. */
  limit: number;
  /** `capacity` is for now: calls at once. */
  servers: { address: string; state: "ready" | "draining" | "down"; connections: number; calls: number; capacity: number }[];
  /** Calls that wait for a place at the door of the pool. */
  waiting: number;
  /** Those whose shares the pool keeps: calls that run, and places that are reserved; a hundred at most. */
  tenants?: { name: string; calls: number; reserved: number }[];
}

/** One pool of servers: `Gate.pools`. */
export interface PoolStatus extends PoolFigures {
  transport: string;
}

/** Snapshots of a running gate: plain data, made when asked for. */
export interface GateStatus {
  info(): GateInfo;
  /** Ready to serve: every door is open and the gate is not draining. */
  isReady(): boolean;
  routes(): RouteStatus[];
  services(): ServiceStatus[];
  workers(): WorkerStatus[];
  /** Throws `not_found`. */
  worker(id: string): WorkerDetail;
  queues(): QueueStatus[];
  pools(): PoolStatus[];
  explain(target: string, version?: string): Explanation;
  /** Throws `not_found` for a job that is not under way. */
  explainJob(id: string): JobExplanation;
}
