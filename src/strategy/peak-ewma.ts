import type { Clock } from "../observe/clock.ts";
import type { Candidate } from "./strategy.ts";

/** How a `PeakEwma` measures. */
export interface PeakEwmaOptions {
  clock: Clock;
  /** Time after which an old measurement counts for 1/e, in ms. */
  decayMs: number;
  /** What a new endpoint is taken to need, in ms, until it has been measured. */
  defaultMs: number;
}

interface Measure {
  averageMs: number;
  at: number;
  isDefault: boolean;
}

/**
 * The load of endpoints: a moving average of how long jobs take, times how many are on their way, the next one included.
 *
 * The average is weighted exponentially by time and jumps to a peak at once: quick to distrust a slow endpoint, slow to trust it again.
 * What is not measured anew fades towards 0, the default of a new endpoint too, so that nobody is left out for ever.
 *
 * Source: Finagle `PeakEwma` (finagle-core, loadbalancer/PeakEwma.scala) by way of tower (tower/src/load/peak_ewma.rs). Unlike there, reading
 * the load does not write to it: how often one looks does not change what one sees. Choosing is left to whoever reads (`p2c`).
 */
export class PeakEwma {
  readonly #options: PeakEwmaOptions;
  readonly #measures = new WeakMap<Candidate, Measure>();

  constructor(options: PeakEwmaOptions) {
    this.#options = options;
  }

  /** Expected time until one more job on `endpoint` would be done, in ms. */
  load(endpoint: Candidate): number {
    const measure = this.#measures.get(endpoint) ?? this.#meet(endpoint);
    return measure.averageMs * this.#kept(measure) * (endpoint.inFlight + 1);
  }

  /** Takes in how long a job took. */
  record(endpoint: Candidate, durationMs: number): void {
    const measure = this.#measures.get(endpoint) ?? this.#meet(endpoint);
    const isPeak = measure.isDefault || durationMs > measure.averageMs;
    const kept = this.#kept(measure);
    measure.averageMs = isPeak ? durationMs : measure.averageMs * kept + durationMs * (1 - kept);
    measure.at = this.#options.clock.now();
    measure.isDefault = false;
  }

  #meet(endpoint: Candidate): Measure {
    const measure: Measure = { averageMs: this.#options.defaultMs, at: this.#options.clock.now(), isDefault: true };
    this.#measures.set(endpoint, measure);
    return measure;
  }

  #kept({ at }: Measure): number {
    return Math.exp((at - this.#options.clock.now()) / this.#options.decayMs);
  }
}
