import { GateError } from "../error/gate-error.ts";
import type { Clock, Timer } from "../observe/clock.ts";
import { pinnedVersion } from "./pinned-version.ts";
import type { JobRun } from "./run.ts";
import type { Target } from "./target.ts";

/**
 * Fails a waiting job as `unavailable` when no worker that could run it has been alive for the route's `waitForWorkerMs`.
 *
 * A waiting job is an *orphan* while no live worker serves its target, in its version if it is pinned to one. It begins to be one when
 * it is queued or when the last such worker goes, and ceases when one comes; each job waits its own full time.
 */
export class OrphanWatch {
  readonly #clock: Clock;
  readonly #alarms = new Map<Target, { timer: Timer; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call it for every run that begins to wait. */
  queued(run: JobRun, target: Target): void {
    run.orphanedSince = hasWorker(run, target) ? undefined : this.#clock.now();
    if (run.orphanedSince !== undefined) this.#wakeAt(target, run.orphanedSince + target.route.waitForWorkerMs);
  }

  /** Call it whenever a worker of the target came, went, or changed its state or version. Costs O(waiting). */
  workersChanged(target: Target): void {
    const now = this.#clock.now();
    const due: JobRun[] = [];
    for (const run of target.queue) {
      if (hasWorker(run, target)) {
        run.orphanedSince = undefined;
        continue;
      }
      run.orphanedSince ??= now;
      const dueAt = run.orphanedSince + target.route.waitForWorkerMs;
      if (dueAt <= now) due.push(run);
      else this.#wakeAt(target, dueAt);
    }
    for (const run of due) run.refuse(noWorker(run, target));
  }

  close(): void {
    for (const { timer } of this.#alarms.values()) timer.clear();
    this.#alarms.clear();
  }

  #wakeAt(target: Target, at: number): void {
    const alarm = this.#alarms.get(target);
    if (alarm !== undefined && alarm.at <= at) return;
    alarm?.timer.clear();
    const timer = this.#clock.after(Math.max(0, Math.ceil(at - this.#clock.now())), () => {
      this.#alarms.delete(target);
      this.workersChanged(target);
    });
    this.#alarms.set(target, { timer, at });
  }
}

function hasWorker({ job }: JobRun, target: Target): boolean {
  const version = pinnedVersion(job);
  if (version === undefined) return target.hasLiveWorker;
  return target.pool.members.some((endpoint) => endpoint.state === "ready" && endpoint.version === version);
}

function noWorker({ job }: JobRun, target: Target): GateError {
  const version = pinnedVersion(job);
  const what = version === undefined ? target.name : `version ${version} of ${target.name}`;
  return new GateError("unavailable", `no worker of ${what} has been alive for ${target.route.waitForWorkerMs} ms`);
}
