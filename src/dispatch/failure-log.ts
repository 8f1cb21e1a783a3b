import type { Code } from "../error/code.ts";
import type { Clock } from "../observe/clock.ts";
import type { Logger } from "../observe/logger.ts";
import type { JobRun } from "./run.ts";

const levels = ["debug", "info", "warn"] as const;
type Level = (typeof levels)[number];

/** Lines of one level per second at most; how many further jobs failed in it is told in one. */
const linesPerSecond = 100;

/** What the caller did wrong, or a handler chose to answer: worth a line, and nobody's alarm. */
const ofCallers: ReadonlySet<Code> = new Set<Code>([
  "invalid_argument",
  "not_found",
  "already_exists",
  "permission_denied",
  "unauthenticated",
  "failed_precondition",
  "out_of_range",
]);

/**
 * Logs each job that failed, in one line: as a warning when the gate or a worker failed, as information when the error tells the caller
 * what is wrong with the call, for debugging when the caller itself cancelled.
 */
export class FailureLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** Failures of this second, by the level of their lines: a flood of bad calls must not hide what fails besides. */
  readonly #failures: Record<Level, number> = { debug: 0, info: 0, warn: 0 };
  #secondEnds = 0;
  #leavesOut = false;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  note(run: JobRun): void {
    const { job, error } = run;
    if (error === undefined) return;
    const now = this.#clock.now();
    if (now >= this.#secondEnds) this.#nextSecond(now);
    const level = levelOf(error.code);
    this.#failures[level]++;
    if (this.#failures[level] > linesPerSecond) return this.#leaveOut(now);
    this.#logger[level](error.code === "cancelled" ? "job cancelled" : "job failed", {
      job: job.id,
      target: job.target,
      ...(run.route === undefined ? {} : { route: run.route }),
      code: error.code,
      error: error.message,
      ...(run.worker === undefined ? {} : { worker: run.worker, attempts: run.attempts }),
      ms: Math.round(now - run.acceptedAt),
    });
  }

  #leaveOut(now: number): void {
    if (this.#leavesOut) return;
    this.#leavesOut = true;
    this.#clock.after(this.#secondEnds - now, () => this.#nextSecond(this.#clock.now()));
  }

  #nextSecond(now: number): void {
    this.#secondEnds = now + 1000;
    this.#leavesOut = false;
    for (const level of levels) {
      const leftOut = this.#failures[level] - linesPerSecond;
      this.#failures[level] = 0;
      if (leftOut > 0) this.#logger[level]("more jobs failed in the same second", { jobs: leftOut });
    }
  }
}

function levelOf(code: Code): Level {
  if (code === "cancelled") return "debug";
  return ofCallers.has(code) ? "info" : "warn";
}
