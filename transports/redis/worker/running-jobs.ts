import { GateError, type Job, type JobControl, readFrame, readJob, RecordView, type ReplySink } from "unigate/transport";
import type { Participant } from "../participant.ts";
import type { JobEntry } from "../pull/job-entry.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import type { Callers, JobTaker } from "./callers.ts";
import type { IntakeOwner } from "./intake.ts";
import { TurnTaker } from "./turn-taker.ts";

/** A job that is done within this time, in ms, never says that it was taken: its answer does. */
const silentMs = 20;
const nothing: JobControl = { cancel: () => {}, resume: () => {} };

/** What a worker needs to run jobs. */
export interface RunningJobsOptions {
  participant: Participant;
  callers: Callers;
  /** Jobs that the worker's own process takes at once. */
  readonly capacity: () => number;
  /** Hands a job to that process. */
  readonly run: (job: Job, sink: ReplySink) => JobControl;
}

/** The jobs of one worker: those that it has taken out of streams, and those that gates gave to it. */
export class RunningJobs implements IntakeOwner {
  readonly #options: RunningJobsOptions;
  readonly #view = new RecordView();
  #count = 0;
  #fresh: TakenEntry[] = [];
  readonly #given = new Set<TurnTaker>();
  /** Jobs out of streams that came while gates gave us others. */
  readonly #held: (() => void)[] = [];
  #roomFor: (() => void)[] = [];
  #whenIdle: (() => void)[] = [];
  readonly #left = (): void => this.#leave();

  constructor(options: RunningJobsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  room(): number {
    return this.#options.capacity() - this.#count;
  }

  isQuiet(): boolean {
    return this.#count <= 1;
  }

  async whenRoom(): Promise<void> {
    while (this.room() < 1) await new Promise<void>((resolve) => this.#roomFor.push(resolve));
  }

  /** Calls `idle` as soon as nothing runs: before whatever ended the last job does anything else. */
  onIdle(idle: () => void): void {
    if (this.#count === 0) idle();
    else this.#whenIdle.push(idle);
  }

  /** Runs a job that a gate gave to us; it waits its turn where several gates give more than there is room for. */
  give(job: Job, sink: ReplySink): JobControl {
    const taker = new TurnTaker(job, sink, (left) => {
      if (!this.#given.delete(left)) this.#leave();
    });
    if (this.room() < 1) this.#given.add(taker);
    else this.#start(taker);
    return taker;
  }

  /** Runs a job out of a stream: once, then it is answered, then acknowledged. */
  take(entry: JobEntry, acknowledgements: Acknowledgements): void {
    const { callers, participant, run } = this.#options;
    const { clock, table } = participant;
    const deadline = entry.deadline === 0 ? Infinity : table.toOurs(entry.deadline);
    // Nobody waits for it any more, and it must not run late.
    if (deadline <= clock.now()) return acknowledgements.add(entry.id);
    if (this.room() < 1) return void this.#held.push(() => this.take(entry, acknowledgements));
    this.#count++;
    const taken = new TakenEntry(entry, acknowledgements, this.#left);
    const answer = callers.answerTo(entry.gate, entry.number, taken);
    let control = nothing;
    try {
      const job = jobOf(entry, this.#view, deadline, clock.now());
      if (entry.attempt > 1 || job.streamsInput) callers.tellTaken(entry.gate, entry.number, entry.attempt);
      else this.#tellLater(taken);
      control = run(job, answer);
    } catch (error) {
      answer.fail(GateError.from(error, "internal"));
    }
    answer.controlledBy(control);
  }

  #tellLater(taken: TakenEntry): void {
    this.#fresh.push(taken);
    if (this.#fresh.length > 1) return;
    const { callers, participant } = this.#options;
    participant.clock.after(silentMs, () => {
      const fresh = this.#fresh;
      this.#fresh = [];
      for (const { entry, isOver } of fresh) if (!isOver) callers.tellTaken(entry.gate, entry.number, entry.attempt);
    });
  }

  #start(taker: TurnTaker): void {
    this.#count++;
    taker.start(this.#options.run);
  }

  #leave(): void {
    this.#count--;
    while (this.room() > 0 && this.#held.length > 0) this.#held.shift()?.();
    if (this.#given.size > 0) this.#startGiven();
    if (this.#roomFor.length > 0) for (const resolve of this.#roomFor.splice(0)) resolve();
    if (this.#count === 0 && this.#whenIdle.length > 0) for (const idle of this.#whenIdle.splice(0)) idle();
  }

  #startGiven(): void {
    for (const taker of this.#given) {
      if (this.room() < 1) return;
      this.#given.delete(taker);
      this.#start(taker);
    }
  }
}

/** A job out of a stream that runs. */
class TakenEntry implements JobTaker {
  readonly entry: JobEntry;
  isOver = false;
  readonly #acknowledgements: Acknowledgements;
  readonly #left: () => void;

  constructor(entry: JobEntry, acknowledgements: Acknowledgements, left: () => void) {
    this.entry = entry;
    this.#acknowledgements = acknowledgements;
    this.#left = left;
  }

  over(): void {
    this.isOver = true;
    this.#acknowledgements.add(this.entry.id);
    this.#left();
  }
}

function jobOf({ frame, target, gate }: JobEntry, view: RecordView, deadline: number, now: number): Job {
  let job: Job | undefined;
  readFrame(frame, view, (record) => (job ??= readJob(record, target, gate, now)));
  if (job === undefined) throw new GateError("invalid_argument", "an entry without a job");
  // Clocks are compared through messages; the time that was left when it set out is the most that it has.
  job.deadline = Math.min(job.deadline, deadline);
  return job;
}
