import { LatencyWindow } from "../observe/latency.ts";
import type { Pool } from "../registry/pool.ts";
import type { Route } from "../routing/route.ts";
import { isSameStrategy } from "../strategy/same-options.ts";
import type { Balancer } from "../strategy/strategy.ts";
import { JobQueue } from "./job-queue.ts";
import type { JobRun } from "./run.ts";
import type { JobState } from "./run-owner.ts";

/** How jobs ended so far. */
export interface JobCounts {
  accepted: number;
  completed: number;
  failed: number;
  cancelled: number;
  expired: number;
  /** Refused because the queue was full; part of `failed`. */
  refused: number;
}

/** Counts that start at zero. */
export function newCounts(): JobCounts {
  return { accepted: 0, completed: 0, failed: 0, cancelled: 0, expired: 0, refused: 0 };
}

/** Counts a job under the state in which it ended. */
export function countEnd(counts: JobCounts, state: JobState): void {
  if (state !== "waiting" && state !== "running") counts[state]++;
}

/** Everything the dispatcher knows of one `Service.method`: its route, its pool, the balancer between them, and who waits. */
export class Target {
  readonly name: string;
  readonly pool: Pool;
  readonly queue: JobQueue = new JobQueue();
  readonly counts: JobCounts = newCounts();
  /** How long callers waited, from the acceptance of a job to its end. */
  readonly latency: LatencyWindow = new LatencyWindow();
  /** Where the same is counted for several targets together. */
  readonly #sharedLatency: LatencyWindow | undefined;
  route: Route;
  balancer: Balancer;
  /** Jobs placed and not yet let go of by their endpoint. */
  running = 0;
  isPumping = false;

  constructor(name: string, pool: Pool, route: Route, sharedLatency?: LatencyWindow) {
    this.name = name;
    this.pool = pool;
    this.#sharedLatency = sharedLatency;
    this.route = route;
    this.balancer = route.strategy.createBalancer();
  }

  /** Tells whether any worker of it is ready, with room or not. */
  get hasLiveWorker(): boolean {
    return this.pool.available.length > 0 || this.pool.members.some((endpoint) => endpoint.state === "ready");
  }

  /** A job of it has ended. One that was taken back, or turned away at the door, says nothing of how long others wait. */
  ended({ state, attempts, acceptedAt }: JobRun, endedAt: number): void {
    countEnd(this.counts, state);
    const isTelling = state === "completed" || state === "expired" || (state === "failed" && attempts > 0);
    if (!isTelling) return;
    this.latency.record(endedAt - acceptedAt, endedAt);
    this.#sharedLatency?.record(endedAt - acceptedAt, endedAt);
  }

  /** Takes a changed route; the balancer starts anew only when the strategy changed. */
  setRoute(route: Route): void {
    if (!isSameStrategy(route.strategy, this.route.strategy)) this.balancer = route.strategy.createBalancer();
    this.route = route;
  }
}
