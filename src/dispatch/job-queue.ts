import { pinnedVersion } from "./pinned-version.ts";
import type { JobRun } from "./run.ts";

/**
 * Waiting runs of one target, in the order of their acceptance.
 *
 * Runs that are pinned to a version wait in a lane of that version, all others in one lane: within a lane they keep their order, and a lane
 * whose head has to wait is passed over as a whole. Every move costs O(1), leaving from the middle too; a look at the heads O(lanes).
 */
export class JobQueue implements Iterable<JobRun> {
  readonly #unpinned = new Lane();
  readonly #pinned = new Map<string, Lane>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Tells whether a run waits that takes any version: it must not be overtaken. */
  get hasUnpinned(): boolean {
    return this.#unpinned.head !== undefined;
  }

  /** The run that has waited longest. */
  get first(): JobRun | undefined {
    return this.#pinned.size === 0 ? this.#unpinned.head : this.heads()[0];
  }

  /** The run that has waited longest in each lane, longest first. */
  heads(): JobRun[] {
    if (this.#pinned.size === 0) return this.#unpinned.head === undefined ? [] : [this.#unpinned.head];
    const heads = [this.#unpinned, ...this.#pinned.values()].flatMap(({ head }) => head ?? []);
    return heads.sort((a, b) => a.order - b.order);
  }

  push(run: JobRun): void {
    this.#laneOf(run).push(run);
    this.#size++;
  }

  /** Puts a run that was taken out before back into its place: behind those of its lane that were accepted before it. */
  restore(run: JobRun): void {
    this.#laneOf(run).restore(run);
    this.#size++;
  }

  /** Takes `run` out; it must be in this queue. */
  remove(run: JobRun): void {
    const lane = this.#laneOf(run);
    lane.remove(run);
    this.#size--;
    const version = pinnedVersion(run.job);
    if (version !== undefined && lane.head === undefined) this.#pinned.delete(version);
  }

  /** Every run, lane by lane. */
  *[Symbol.iterator](): Generator<JobRun> {
    for (const { head } of [this.#unpinned, ...this.#pinned.values()]) {
      for (let run = head; run !== undefined; run = run.queueNext) yield run;
    }
  }

  #laneOf(run: JobRun): Lane {
    const version = pinnedVersion(run.job);
    if (version === undefined) return this.#unpinned;
    let lane = this.#pinned.get(version);
    if (lane === undefined) {
      lane = new Lane();
      this.#pinned.set(version, lane);
    }
    return lane;
  }
}

class Lane {
  head: JobRun | undefined;
  #last: JobRun | undefined;

  push(run: JobRun): void {
    this.#insert(run, this.#last);
  }

  /** Those that were accepted before it and still wait are few, and walked over. */
  restore(run: JobRun): void {
    let previous: JobRun | undefined;
    for (let next = this.head; next !== undefined && next.order < run.order; next = next.queueNext) previous = next;
    this.#insert(run, previous);
  }

  remove(run: JobRun): void {
    const { queuePrevious: previous, queueNext: next } = run;
    if (previous === undefined) this.head = next;
    else previous.queueNext = next;
    if (next === undefined) this.#last = previous;
    else next.queuePrevious = previous;
    run.queuePrevious = undefined;
    run.queueNext = undefined;
  }

  #insert(run: JobRun, previous: JobRun | undefined): void {
    const next = previous === undefined ? this.head : previous.queueNext;
    run.queuePrevious = previous;
    run.queueNext = next;
    if (previous === undefined) this.head = run;
    else previous.queueNext = run;
    if (next === undefined) this.#last = run;
    else next.queuePrevious = run;
  }
}
