import { type Random, systemRandom } from "../observe/random.ts";
import { checkRandom } from "./invalid-option.ts";
import type { Balancer, Candidate, Strategy } from "./strategy.ts";

/** Options of `random`. */
export interface RandomOptions {
  /** The source of chance; default the machine's. A seeded one makes the picks repeatable. */
  random?: Random;
}

/**
 * Any endpoint with equal chance.
 *
 * For many gates in front of the same workers, where turns would fall into step. Bound: of n picks among k endpoints each gets n/k, give or
 * take about √(n/k); the longest queue grows as log n / log log n. Costs O(1). Not for a single gate: `roundRobin` is as cheap and even.
 */
export function random(options: RandomOptions = {}): Strategy {
  const { random: source = systemRandom } = options;
  checkRandom("random", source);
  return { name: "random", options: { random: source }, createBalancer: () => new RandomChoice(source) };
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
