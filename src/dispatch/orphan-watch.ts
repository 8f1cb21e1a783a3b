import { GateError } from "../error/gate-error.ts";
import type { Clock, Timer } from "../observe/clock.ts";
import type { JobRun } from "./run.ts";
import type { Target } from "./target.ts";

/**
 * Fails the waiting jobs of a target as `unavailable` when no worker of it has been alive for the route's `waitForWorkerMs`.
 *
 * A job that came later waits its own full time; a worker that comes back in between saves them all.
 */
export class OrphanWatch {
  readonly #clock: Clock;
  readonly #timers = new Map<Target, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call it when a job begins to wait and when a worker goes; does nothing while a worker is alive. */
  watch(target: Target): void {
    if (target.queue.size === 0 || target.hasLiveWorker) return;
    target.orphanedSince ??= this.#clock.now();
    if (!this.#timers.has(target)) this.#arm(target, target.route.waitForWorkerMs);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.clear();
    this.#timers.clear();
  }

  #arm(target: Target, delayMs: number): void {
    this.#timers.set(
      target,
      this.#clock.after(delayMs, () => this.#look(target)),
    );
  }

  #look(target: Target): void {
    this.#timers.delete(target);
    if (target.queue.size === 0 || target.hasLiveWorker) {
      target.orphanedSince = undefined;
      return;
    }
    const now = this.#clock.now();
    const due: JobRun[] = [];
    let nextDue = Infinity;
    for (let run = target.queue.first; run !== undefined; run = run.queueNext) {
      const dueAt = Math.max(run.waitingSince, target.orphanedSince ?? now) + target.route.waitForWorkerMs;
      if (dueAt <= now) due.push(run);
      else nextDue = Math.min(nextDue, dueAt);
    }
    for (const run of due)
      run.refuse(new GateError("unavailable", `no worker of ${target.name} has been alive for ${target.route.waitForWorkerMs} ms`));
    if (nextDue < Infinity) this.#arm(target, Math.ceil(nextDue - now));
    else target.orphanedSince = undefined;
  }
}
