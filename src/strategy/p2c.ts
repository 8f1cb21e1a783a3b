import { type Clock, systemClock } from "../observe/clock.ts";
import { type Random, systemRandom } from "../observe/random.ts";
import { PeakEwma } from "./peak-ewma.ts";
import type { Balancer, Candidate, Outcome, Strategy } from "./strategy.ts";

/** Options of `p2c`. */
export interface P2cOptions {
  /** Time after which an old measurement counts for 1/e, in ms; default 10 000. */
  decayMs?: number;
  /** What a new endpoint is taken to need, in ms; default 1. */
  defaultMs?: number;
  random?: Random;
  clock?: Clock;
}

/** An error may be fast: it must not make its endpoint look attractive. What it counts as at least, in ms. */
const failurePenaltyMs = 1000;

/**
 * Two endpoints drawn at random, and the less loaded of them: near the best choice at the price of O(1).
 *
 * Load is `PeakEwma`: latency times jobs in flight. The longest queue grows as log log n instead of log n / log log n (Mitzenmacher,
 * "The Power of Two Choices in Randomized Load Balancing", 1996). Use it where workers or jobs differ; use `fifo` where order matters.
 */
export function p2c(options: P2cOptions = {}): Strategy {
  const { decayMs = 10_000, defaultMs = 1, random = systemRandom, clock = systemClock } = options;
  return { name: "p2c", createBalancer: () => new PowerOfTwoChoices(new PeakEwma({ clock, decayMs, defaultMs }), random) };
}

class PowerOfTwoChoices implements Balancer {
  readonly #load: PeakEwma;
  readonly #random: Random;

  constructor(load: PeakEwma, random: Random) {
    this.#load = load;
    this.#random = random;
  }

  pick<C extends Candidate>(available: readonly C[]): C | undefined {
    const count = available.length;
    if (count < 2) return available[0];
    const one = Math.floor(this.#random() * count);
    // Never the same one twice: the second is drawn from the others.
    const other = (one + 1 + Math.floor(this.#random() * (count - 1))) % count;
    const first = available[one] as C;
    const second = available[other] as C;
    return this.#load.load(second) < this.#load.load(first) ? second : first;
  }

  settled(endpoint: Candidate, outcome: Outcome): void {
    const isFailure = outcome.code === "unavailable" || outcome.code === "internal" || outcome.code === "unknown";
    this.#load.record(endpoint, isFailure ? Math.max(outcome.durationMs, failurePenaltyMs) : outcome.durationMs);
  }
}
