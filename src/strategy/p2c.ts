import type { Code } from "../error/code.ts";
import { type Clock, systemClock } from "../observe/clock.ts";
import { type Random, systemRandom } from "../observe/random.ts";
import { checkPositive, checkRandom, invalidOption } from "./invalid-option.ts";
import { PeakEwma } from "./peak-ewma.ts";
import type { Balancer, Candidate, Outcome, Strategy } from "./strategy.ts";

/** Options of `p2c`. */
export interface P2cOptions {
  /** Time after which an old measurement counts for 1/e, in ms; default 10 000. */
  decayMs?: number;
  /** What a new endpoint is taken to need until it has been measured, in ms; default 1, so that it is soon tried. */
  defaultMs?: number;
  /** The source of chance; default the machine's. A seeded one makes the picks repeatable. */
  random?: Random;
  clock?: Clock;
}

/** An error may be fast: it must not make its endpoint look attractive. What it counts as at least, in ms. */
const failurePenaltyMs = 1000;
/** Failures that say something about the endpoint; all others are the caller's. */
const endpointFailures: ReadonlySet<Code> = new Set<Code>(["unavailable", "resource_exhausted", "internal", "unknown"]);

/**
 * Two endpoints drawn at random, and the less loaded of them: near the best choice at the price of O(1).
 *
 * Load is `PeakEwma`: latency times jobs in flight. Source: Finagle `P2C` and tower `balance::p2c`; the bound is Mitzenmacher's ("The Power
 * of Two Choices in Randomized Load Balancing", IEEE TPDS 12(10), 2001): the longest queue grows as log log n instead of the
 * log n / log log n of one random choice. For workers or jobs that differ, and for many gates in front of the same workers, since chance
 * keeps them out of step. Not where order matters (`fifo`), nor for exact shares (`weightedRoundRobin`): weights are ignored.
 */
export function p2c(options: P2cOptions = {}): Strategy {
  const { decayMs = 10_000, defaultMs = 1, random = systemRandom, clock = systemClock } = options;
  checkPositive("p2c", "decayMs", decayMs);
  checkPositive("p2c", "defaultMs", defaultMs);
  checkRandom("p2c", random);
  if (typeof clock?.now !== "function") throw invalidOption("p2c", "clock", clock, "give a Clock, or leave it out");
  const createBalancer = (): Balancer => new PowerOfTwoChoices(new PeakEwma({ clock, decayMs, defaultMs }), random);
  return { name: "p2c", options: { decayMs, defaultMs, random, clock }, createBalancer };
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

  settled(endpoint: Candidate, { code, durationMs }: Outcome): void {
    const isItsFault = code !== undefined && endpointFailures.has(code);
    this.#load.record(endpoint, isItsFault ? Math.max(durationMs, failurePenaltyMs) : durationMs);
  }
}
