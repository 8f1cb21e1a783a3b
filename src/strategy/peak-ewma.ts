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
}

/**
 * The load of endpoints: a moving average of how long jobs take, times how many are on their way.
 *
 * The average is exponentially weighted by time and jumps to a peak at once: it is quick to distrust a slow endpoint and slow to trust it
 * again. Source: Twitter Finagle `PeakEwma`, tower `load::PeakEwma`. Choosing is left to whoever reads the load.
 */
export class PeakEwma {
  readonly #options: PeakEwmaOptions;
  readonly #measures = new WeakMap<Candidate, Measure>();

  constructor(options: PeakEwmaOptions) {
    this.#options = options;
  }

  /** Expected wait for one more job on `endpoint`, in ms. */
  load(endpoint: Candidate): number {
    const measure = this.#measures.get(endpoint);
    const averageMs = measure === undefined ? this.#options.defaultMs : measure.averageMs * this.#kept(measure);
    return averageMs * (endpoint.inFlight + 1);
  }

  /** Takes in how long a job took. */
  record(endpoint: Candidate, durationMs: number): void {
    const measure = this.#measures.get(endpoint);
    const at = this.#options.clock.now();
    if (measure === undefined) {
      this.#measures.set(endpoint, { averageMs: durationMs, at });
      return;
    }
    const kept = this.#kept(measure);
    measure.averageMs = durationMs > measure.averageMs ? durationMs : measure.averageMs * kept + durationMs * (1 - kept);
    measure.at = at;
  }

  #kept({ at }: Measure): number {
    return Math.exp(-(this.#options.clock.now() - at) / this.#options.decayMs);
  }
}
