import type { Balancer, Candidate, Strategy } from "./strategy.ts";

/** Each endpoint in turn, in the order of joining: the default. Costs O(1), and the shares of equal endpoints differ by one at most. */
export function roundRobin(): Strategy {
  return { name: "roundRobin", createBalancer: () => new RoundRobin() };
}

class RoundRobin implements Balancer {
  #next = 0;

  pick<C extends Candidate>(available: readonly C[]): C | undefined {
    if (available.length === 0) return undefined;
    if (this.#next >= available.length) this.#next = 0;
    return available[this.#next++];
  }
}
