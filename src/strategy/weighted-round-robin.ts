import type { Balancer, Candidate, Strategy } from "./strategy.ts";

/**
 * Each endpoint in turn, as often as its weight says, and never the same one in a burst.
 *
 * Source: smooth weighted round robin of nginx (commit 52327e0, 2012): every pick raises each endpoint's credit by its weight, takes the one
 * with the most and lowers it by the sum; weights 5, 1, 1 give a a b a c a a. Bound: over a cycle (the sum of the weights) the shares are
 * exact, while the same endpoints stay available. Costs O(n) per pick. Not for equal weights (`roundRobin` does the same for less), nor
 * where the real speed of workers is better measured than declared (`p2c`).
 */
export function weightedRoundRobin(): Strategy {
  return { name: "weightedRoundRobin", options: {}, createBalancer: () => new WeightedRoundRobin() };
}

class WeightedRoundRobin implements Balancer {
  readonly #credits = new WeakMap<Candidate, number>();

  pick<C extends Candidate>(available: readonly C[]): C | undefined {
    let best: C | undefined;
    let most = -Infinity;
    let total = 0;
    for (const endpoint of available) {
      const credit = (this.#credits.get(endpoint) ?? 0) + endpoint.weight;
      this.#credits.set(endpoint, credit);
      total += endpoint.weight;
      if (credit > most) {
        most = credit;
        best = endpoint;
      }
    }
    if (best !== undefined) this.#credits.set(best, most - total);
    return best;
  }
}
