import type { Balancer, Candidate, Strategy } from "./strategy.ts";

/**
 * Each endpoint in turn, as often as its weight says, and never the same one in a burst.
 *
 * Smooth weighted round robin as in nginx (upstream commit 52327e0, 2012): every pick raises each endpoint's credit by its weight, takes
 * the one with the most and lowers it by the sum. Over a full cycle the shares are exact. Costs O(n) per pick; use `roundRobin` when
 * all weights are equal.
 */
export function weightedRoundRobin(): Strategy {
  return { name: "weightedRoundRobin", createBalancer: () => new WeightedRoundRobin() };
}

class WeightedRoundRobin implements Balancer {
  #credits = new WeakMap<Candidate, number>();

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
