import { Rotation } from "./rotation.ts";
import type { Balancer, Candidate, Strategy } from "./strategy.ts";

/**
 * Each endpoint in turn, in the order of joining: the default.
 *
 * Bound: the shares of endpoints that stay available differ by one at most, and one that is full now and then loses only the turns that it
 * missed. Costs O(log n) per pick. Not for workers of unequal strength (`weightedRoundRobin`) or jobs of very unequal length (`p2c`).
 */
export function roundRobin(): Strategy {
  return { name: "roundRobin", options: {}, createBalancer: () => new RoundRobin() };
}

class RoundRobin implements Balancer {
  readonly #rotation = new Rotation();

  pick<C extends Candidate>(available: readonly C[]): C | undefined {
    return this.#rotation.next(available);
  }
}
