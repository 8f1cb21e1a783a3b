import type { JobRun } from "./run.ts";

/** Waiting runs of one target, first in, first out. Every move costs O(1), leaving from the middle too. */
export class JobQueue {
  #first: JobRun | undefined;
  #last: JobRun | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The run that has waited longest. */
  get first(): JobRun | undefined {
    return this.#first;
  }

  push(run: JobRun): void {
    run.queuePrevious = this.#last;
    if (this.#last === undefined) this.#first = run;
    else this.#last.queueNext = run;
    this.#last = run;
    this.#size++;
  }

  /** Puts a run that was taken out before back into its place: behind those that were accepted before it. They are few, and walked over. */
  restore(run: JobRun): void {
    let previous: JobRun | undefined;
    let next = this.#first;
    while (next !== undefined && next.order < run.order) {
      previous = next;
      next = next.queueNext;
    }
    run.queuePrevious = previous;
    run.queueNext = next;
    if (previous === undefined) this.#first = run;
    else previous.queueNext = run;
    if (next === undefined) this.#last = run;
    else next.queuePrevious = run;
    this.#size++;
  }

  /** Takes `run` out; it must be in this queue. */
  remove(run: JobRun): void {
    const { queuePrevious: previous, queueNext: next } = run;
    if (previous === undefined) this.#first = next;
    else previous.queueNext = next;
    if (next === undefined) this.#last = previous;
    else next.queuePrevious = previous;
    run.queuePrevious = undefined;
    run.queueNext = undefined;
    this.#size--;
  }
}
