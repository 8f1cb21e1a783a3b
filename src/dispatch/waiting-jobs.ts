import type { GateError } from "../error/gate-error.ts";
import type { DeadlineWheel } from "../job/deadline-wheel.ts";
import type { Clock } from "../observe/clock.ts";
import { refusalToWait } from "./refusals.ts";
import type { JobRun } from "./run.ts";
import type { Target } from "./target.ts";

/** Everything that waits for room: which targets have a queue, and how many bytes their payloads hold together. */
export class WaitingJobs {
  /** Targets with a queue that is not empty. */
  readonly targets: Set<Target> = new Set();
  readonly #maxBytes: number;
  readonly #wheel: DeadlineWheel;
  readonly #clock: Clock;
  #bytes = 0;

  constructor(maxBytes: number, wheel: DeadlineWheel, clock: Clock) {
    this.#maxBytes = maxBytes;
    this.#wheel = wheel;
    this.#clock = clock;
  }

  /** Why one more cannot wait, or undefined. */
  refusal(run: JobRun, target: Target): GateError | undefined {
    return refusalToWait(target, run.job.payload.length, this.#maxBytes - this.#bytes);
  }

  /** One that was placed already goes back to its place; it was accepted, so no bound is asked. */
  add(run: JobRun, target: Target, where: "its place" | "tail"): void {
    run.isQueued = true;
    this.#bytes += run.job.payload.length;
    if (where === "its place") target.queue.restore(run);
    else target.queue.push(run);
    this.targets.add(target);
    const { waitForRoomMs } = target.route;
    if (waitForRoomMs !== Infinity) this.#limit(run, this.#clock.now() + waitForRoomMs);
  }

  remove(run: JobRun, target: Target): void {
    run.isQueued = false;
    this.#bytes -= run.job.payload.length;
    target.queue.remove(run);
    if (target.queue.size === 0) this.targets.delete(target);
    if (run.roomBy !== Infinity) this.#limit(run, Infinity);
  }

  #limit(run: JobRun, roomBy: number): void {
    this.#wheel.remove(run);
    run.roomBy = roomBy;
    this.#wheel.add(run);
  }
}
