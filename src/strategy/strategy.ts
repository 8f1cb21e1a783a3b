/**
 * The contract of every strategy; read it alone, it needs no other file.
 *
 * Measuring and choosing stay apart (see `p2c`), chance and time are options, and a strategy never sees an endpoint that is not ready.
 */
import type { Code } from "../error/code.ts";
import type { Metadata } from "../job/metadata.ts";

/** What a strategy may know of an endpoint. */
export interface Candidate {
  readonly id: string;
  /** Grows with every endpoint that joins, and is never given twice: the order of joining. */
  readonly sequence: number;
  readonly capacity: number;
  /** Jobs that it runs now, of all methods. */
  readonly inFlight: number;
  /** Relative share of jobs, 1 unless the worker says otherwise. */
  readonly weight: number;
  readonly version: string | undefined;
}

/** What a strategy may know of a job. */
export interface Placement {
  readonly target: string;
  readonly metadata: Metadata;
  readonly payload: Uint8Array;
}

/** How a job left its endpoint. */
export interface Outcome {
  /** From being sent to its end, in ms. */
  readonly durationMs: number;
  /** Undefined for success. */
  readonly code: Code | undefined;
}

/**
 * A rule for spreading jobs: plain data, safe in a config, shared by any number of pools.
 *
 * The state of one pool lives in the balancer that it creates; two balancers share nothing.
 */
export interface Strategy {
  readonly name: string;
  /** What tells it from others of its name; a changed config with the same name and options keeps its balancers. Without it, each object is its own. */
  readonly options?: Readonly<Record<string, unknown>>;
  createBalancer(): Balancer;
}

/**
 * The state of a strategy for one pool.
 *
 * To callers: `available` holds only endpoints that are ready and have room, in the order in which they joined; call `settled`
 * exactly once for every endpoint picked. To implementers: pick one of `available`, or undefined to let the job wait; never keep the array,
 * and hold an endpoint only weakly or until it has settled, since one that has left is never announced.
 */
export interface Balancer {
  pick<C extends Candidate>(available: readonly C[], job: Placement): C | undefined;
  settled?(endpoint: Candidate, outcome: Outcome): void;
}
