import type { Clock } from "../observe/clock.ts";
import type { JobRun } from "./run.ts";

/** Jobs that may wait for unknown targets right after the start. */
const maxHeld = 10_000;

/**
 * The first moments of a gate: workers of one that has just restarted need time to come back, so an unknown target is not yet wrong.
 *
 * Jobs for unknown targets are held until their target becomes known or the time is over.
 */
export class Settling {
  readonly #held = new Set<JobRun>();
  #isOver: boolean;

  /** `giveUp` is called for every job that is still held when `settleMs` have passed. */
  constructor(clock: Clock, settleMs: number, giveUp: (run: JobRun) => void) {
    this.#isOver = settleMs <= 0;
    if (this.#isOver) return;
    clock.after(settleMs, () => {
      this.#isOver = true;
      for (const run of this.#held) giveUp(run);
    });
  }

  /** Jobs held, in the order in which they came. */
  get held(): Iterable<JobRun> {
    return this.#held;
  }

  /** False: the time is over, or too many are held. */
  hold(run: JobRun): boolean {
    if (this.#isOver || this.#held.size >= maxHeld) return false;
    this.#held.add(run);
    return true;
  }

  release(run: JobRun): void {
    this.#held.delete(run);
  }
}
