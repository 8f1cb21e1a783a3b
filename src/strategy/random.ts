import { type Random, systemRandom } from "../observe/random.ts";
import type { Balancer, Candidate, Strategy } from "./strategy.ts";

/** Any endpoint with equal chance. Costs O(1); for many gates in front of the same workers, where turns would fall into step. */
export function random(options: { random?: Random } = {}): Strategy {
  const source = options.random ?? systemRandom;
  return { name: "random", createBalancer: () => new RandomChoice(source) };
}

class RandomChoice implements Balancer {
  readonly #random: Random;

  constructor(source: Random) {
    this.#random = source;
  }

  pick<C extends Candidate>(available: readonly C[]): C | undefined {
    return available[Math.floor(this.#random() * available.length)];
  }
}
