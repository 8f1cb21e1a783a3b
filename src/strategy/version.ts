import { invalidOption } from "./invalid-option.ts";
import { roundRobin } from "./round-robin.ts";
import type { Balancer, Candidate, Outcome, Placement, Strategy } from "./strategy.ts";

/** Options of `version`. */
export interface VersionOptions {
  /** The version that gets the jobs while one of its workers has room. */
  prefer: string;
  /** How jobs are spread among the workers of a version; default `roundRobin()`. */
  strategy?: Strategy;
}

/**
 * Workers of one version first, the others when none of it has room: for rolling out and for falling back.
 *
 * Bound: a job goes to another version only at a moment when the inner strategy finds no place among the preferred one; it never waits for
 * the preferred one while another has room. Costs O(n) per pick on top of the inner strategy. Not for pinning: a caller's `X-API-Version`
 * header does that, is stronger, and holds under every strategy.
 */
export function version(options: VersionOptions): Strategy {
  const { prefer, strategy = roundRobin() } = options;
  if (typeof prefer !== "string" || prefer === "")
    throw invalidOption("version", "prefer", prefer, 'write the version that workers declare, such as "v2"');
  if (typeof strategy?.createBalancer !== "function")
    throw invalidOption("version", "strategy", strategy, 'import one from "unigate", such as roundRobin()');
  return { name: "version", options: { prefer, strategy }, createBalancer: () => new VersionFirst(prefer, strategy.createBalancer()) };
}

// One inner balancer for both groups: a worker may declare another version while it runs a job, and must settle where it was picked.
class VersionFirst implements Balancer {
  readonly #prefer: string;
  readonly #inner: Balancer;

  constructor(prefer: string, inner: Balancer) {
    this.#prefer = prefer;
    this.#inner = inner;
  }

  pick<C extends Candidate>(available: readonly C[], job: Placement): C | undefined {
    const preferred = available.filter((endpoint) => endpoint.version === this.#prefer);
    if (preferred.length === available.length) return this.#inner.pick(available, job);
    const first = preferred.length === 0 ? undefined : this.#inner.pick(preferred, job);
    if (first !== undefined) return first;
    return this.#inner.pick(preferred.length === 0 ? available : available.filter((endpoint) => endpoint.version !== this.#prefer), job);
  }

  settled(endpoint: Candidate, outcome: Outcome): void {
    this.#inner.settled?.(endpoint, outcome);
  }
}
