import type { Clock } from "../observe/clock.ts";
import type { JobStore } from "./job-store.ts";
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

/** What a store tells of its jobs in numbers. */
type Source = Pick<JobStore, "counts" | "deadByTarget">;

/** Counts of jobs that can be read at once: as the store told last. */
export class KeptCounts {
  readonly #clock: Clock;
  readonly #store: () => Source;
  #latest: Omit<KeptJobs, "bound"> = { waiting: 0, running: 0, completed: 0, dead: 0, cancelled: 0, isOld: false };
  #askedAt = -Infinity;
  #isAsking = false;

  /** Dead jobs by target. */
  deadByTarget: ReadonlyMap<string, number> = new Map();

  /** `store` throws while there is none. */
  constructor(clock: Clock, store: () => Source) {
    this.#clock = clock;
    this.#store = store;
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
      const store = this.#store();
      const counts = await store.counts();
      this.deadByTarget = counts.dead === 0 ? new Map() : await store.deadByTarget();
      this.#latest = { ...counts, isOld: false };
    } catch {
      this.#latest = { ...this.#latest, isOld: true };
    } finally {
      this.#isAsking = false;
    }
  }
}
