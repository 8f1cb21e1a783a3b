import type { JobRun } from "./run.ts";

/** The runs that have not ended, in no order that matters: a list through the runs themselves, so that to join and to leave costs next to nothing. */
export class OpenRuns {
  #first: JobRun | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(run: JobRun): void {
    run.openNext = this.#first;
    if (this.#first !== undefined) this.#first.openPrevious = run;
    this.#first = run;
    this.#size++;
  }

  /** Takes out a run that is in. */
  remove(run: JobRun): void {
    const { openNext, openPrevious } = run;
    if (openPrevious === undefined) this.#first = openNext;
    else openPrevious.openNext = openNext;
    if (openNext !== undefined) openNext.openPrevious = openPrevious;
    run.openNext = run.openPrevious = undefined;
    this.#size--;
  }

  *[Symbol.iterator](): IterableIterator<JobRun> {
    for (let run = this.#first; run !== undefined; run = run.openNext) yield run;
  }
}
