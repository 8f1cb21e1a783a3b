import type { Balancer, Candidate, Strategy } from "./strategy.ts";

/**
 * The endpoint with the fewest jobs in flight; among equals, each in turn.
 *
 * Counts are the endpoints' own, over all methods. Costs O(n) per pick; with hundreds of endpoints, or where durations differ
 * widely between workers, use `p2c`.
 */
export function leastConnections(): Strategy {
  return { name: "leastConnections", createBalancer: () => new LeastConnections() };
}

class LeastConnections implements Balancer {
  #start = 0;

  pick<C extends Candidate>(available: readonly C[]): C | undefined {
    let best: C | undefined;
    // Begin after the last pick, so that equals take turns instead of the first one taking all.
    for (let step = 0; step < available.length; step++) {
      const endpoint = available[(this.#start + step) % available.length] as C;
      if (best === undefined || endpoint.inFlight < best.inFlight) best = endpoint;
    }
    if (best !== undefined) this.#start = (available.indexOf(best) + 1) % available.length;
    return best;
  }
}
