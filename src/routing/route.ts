import type { Intake } from "../webhook/intake.ts";
import type { Strategy } from "../strategy/strategy.ts";

/** How often and when an idempotent job may be placed again. */
export interface Retry {
  /** Endpoints that may be tried, the first included; 1 means never again. */
  attempts: number;
}

/** What to do with jobs for the targets that a pattern matches. Durations in ms. */
export interface Route {
  /** `Service.method`, `Service.*` or `*`. */
  readonly pattern: string;
  readonly strategy: Strategy;
  /** Bound on a job's whole life in the gate when the caller named no earlier deadline. */
  readonly timeoutMs: number;
  /** The timeout is nobody's choice but the default. */
  readonly hasDefaultTimeout: boolean;
  /** Jobs of one target that may wait for room; one more fails as `resource_exhausted`. */
  readonly queue: number;
  /** How long a job for a known target waits while no worker is alive. */
  readonly waitForWorkerMs: number;
  /** How long a job waits for a place while workers are alive; `Infinity` for no limit of its own. */
  readonly waitForRoomMs: number;
  readonly retry: Retry;
  /** Every job may run more than once, whatever the worker or the caller say. */
  readonly idempotent: boolean;
  /** HTTP callers need no key. */
  readonly isPublic: boolean;
  /** Undefined where HTTP callers are answered live, and known by their keys. */
  readonly intake: Intake | undefined;
}
