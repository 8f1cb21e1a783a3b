import type { Clock } from "../observe/clock.ts";
import type { AsyncJobState } from "./stored-job.ts";

/** The jobs that a gate keeps, in numbers. */
export interface KeptJobs extends Record<AsyncJobState, number> {
  /** Jobs that may wait at once. */
  bound: number;
  /** The store has not answered since: the numbers are old. */
  isOld: boolean;
}

/** A store is not asked more often than this, in ms, however many look on. */
const leastMs = 500;

/** Counts of jobs by state that can be read at once: as the store told last. */
export class KeptCounts {
  readonly #clock: Clock;
  readonly #ask: () => Promise<Record<AsyncJobState, number>>;
  #latest: Omit<KeptJobs, "bound"> = { waiting: 0, running: 0, completed: 0, dead: 0, cancelled: 0, isOld: false };
  #askedAt = -Infinity;
  #isAsking = false;

  constructor(clock: Clock, ask: () => Promise<Record<AsyncJobState, number>>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** The latest counts; asks for newer ones, for the next time. Nobody who looks, nobody who asks. */
  latest(): Omit<KeptJobs, "bound"> {
    const now = this.#clock.now();
    if (!this.#isAsking && now - this.#askedAt >= leastMs) {
      this.#askedAt = now;
      void this.#refresh();
    }
    return this.#latest;
  }

  async #refresh(): Promise<void> {
    this.#isAsking = true;
    try {
      this.#latest = { ...(await this.#ask()), isOld: false };
    } catch {
      this.#latest = { ...this.#latest, isOld: true };
    } finally {
      this.#isAsking = false;
    }
  }
}
