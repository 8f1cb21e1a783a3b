import type { AsyncJobState } from "./stored-job.ts";

/** Targets whose dead jobs are told. */
const mostTargets = 1000;

/** Counts jobs by state, and the dead ones by target too. */
export class StateCounts {
  readonly #byState: Record<AsyncJobState, number> = { waiting: 0, running: 0, completed: 0, dead: 0, cancelled: 0 };
  readonly #deadByTarget = new Map<string, number>();

  get waiting(): number {
    return this.#byState.waiting;
  }

  add(state: AsyncJobState, target: string): void {
    this.#change(state, target, 1);
  }

  remove(state: AsyncJobState, target: string): void {
    this.#change(state, target, -1);
  }

  byState(): Record<AsyncJobState, number> {
    return { ...this.#byState };
  }

  deadByTarget(): ReadonlyMap<string, number> {
    return new Map([...this.#deadByTarget].slice(0, mostTargets));
  }

  #change(state: AsyncJobState, target: string, by: 1 | -1): void {
    this.#byState[state] += by;
    if (state !== "dead") return;
    const dead = (this.#deadByTarget.get(target) ?? 0) + by;
    if (dead === 0) this.#deadByTarget.delete(target);
    else this.#deadByTarget.set(target, dead);
  }
}
