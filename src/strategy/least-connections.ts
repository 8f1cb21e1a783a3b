import { Rotation } from "./rotation.ts";
import type { Balancer, Candidate, Strategy } from "./strategy.ts";

/**
 * The endpoint with the fewest jobs in flight for its weight; among equals, each in turn.
 *
 * Source: nginx `least_conn`, which compares the same quotient. Counts are the endpoints' own, over all methods, as this gate sees them. They
 * are not divided by capacity: a capacity says how much a worker bears, not how fast it is, and a full one is not among the choices.
 * Bound: while the same endpoints of equal weight stay available, their counts differ by one at most once jobs of equal length have filled
 * them. Costs O(n) per pick. Not for hundreds of endpoints, nor where a worker is slow without being busy or fails fast: use `p2c`.
 */
export function leastConnections(): Strategy {
  return { name: "leastConnections", options: {}, createBalancer: () => new LeastConnections() };
}

class LeastConnections implements Balancer {
  readonly #rotation = new Rotation();

  pick<C extends Candidate>(available: readonly C[]): C | undefined {
    // Begin after the last pick, so that equals take turns instead of the first one taking all.
    const start = this.#rotation.start(available);
    let best: C | undefined;
    for (let step = 0; step < available.length; step++) {
      const endpoint = available[(start + step) % available.length] as C;
      if (best === undefined || endpoint.inFlight * best.weight < best.inFlight * endpoint.weight) best = endpoint;
    }
    if (best !== undefined) this.#rotation.took(best);
    return best;
  }
}
