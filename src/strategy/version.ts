import { roundRobin } from "./round-robin.ts";
import type { Balancer, Candidate, Outcome, Placement, Strategy } from "./strategy.ts";

/** Options of `version`. */
export interface VersionOptions {
  /** The version that gets the jobs while one of its workers has room. */
  prefer: string;
  /** How jobs are spread within a version; default `roundRobin()`. */
  strategy?: Strategy;
}

/**
 * Workers of one version first, the others when none of it has room: for rolling out and for falling back.
 *
 * A caller's `X-API-Version` header is stronger and holds under every strategy. Costs O(n) per pick.
 */
export function version(options: VersionOptions): Strategy {
  const inner = options.strategy ?? roundRobin();
  return { name: "version", createBalancer: () => new VersionFirst(options.prefer, inner) };
}

class VersionFirst implements Balancer {
  readonly #prefer: string;
  readonly #preferred: Balancer;
  readonly #others: Balancer;

  constructor(prefer: string, inner: Strategy) {
    this.#prefer = prefer;
    this.#preferred = inner.createBalancer();
    this.#others = inner.createBalancer();
  }

  pick<C extends Candidate>(available: readonly C[], job: Placement): C | undefined {
    const preferred = available.filter((endpoint) => endpoint.version === this.#prefer);
    if (preferred.length > 0) return this.#preferred.pick(preferred, job);
    return this.#others.pick(available, job);
  }

  settled(endpoint: Candidate, outcome: Outcome): void {
    const balancer = endpoint.version === this.#prefer ? this.#preferred : this.#others;
    balancer.settled?.(endpoint, outcome);
  }
}
