import { GateError, type Job, type JobControl, readFrame, readJob, RecordView, type ReplySink } from "unigate/transport";
import type { Participant } from "../participant.ts";
import type { JobEntry } from "../pull/job-entry.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import type { Callers } from "./callers.ts";
import type { IntakeOwner } from "./intake.ts";

/** A job that is done within this time, in ms, never says that it was taken: its answer does. */
const silentMs = 20;
const nothing: JobControl = { cancel: () => {}, resume: () => {} };

interface TakenJob {
  entry: JobEntry;
  isOver: boolean;
}

/** Jobs that a worker has taken out of streams: each is run once, answered, then acknowledged. */
export class RunningJobs implements IntakeOwner {
  readonly #participant: Participant;
  readonly #callers: Callers;
  readonly #run: (job: Job, sink: ReplySink) => JobControl;
  readonly #capacity: () => number;
  readonly #view = new RecordView();
  #count = 0;
  #fresh: TakenJob[] = [];
  #roomFor: (() => void)[] = [];
  #whenIdle: (() => void)[] = [];

  /** `run` hands a job to the worker's own process, `capacity` tells how many it takes at once. */
  constructor(participant: Participant, callers: Callers, run: (job: Job, sink: ReplySink) => JobControl, capacity: () => number) {
    this.#participant = participant;
    this.#callers = callers;
    this.#run = run;
    this.#capacity = capacity;
  }

  get count(): number {
    return this.#count;
  }

  room(): number {
    return this.#capacity() - this.#count;
  }

  async whenRoom(): Promise<void> {
    while (this.room() < 1) await new Promise<void>((resolve) => this.#roomFor.push(resolve));
  }

  /** Calls `idle` as soon as nothing runs: before whatever ended the last job does anything else. */
  onIdle(idle: () => void): void {
    if (this.#count === 0) idle();
    else this.#whenIdle.push(idle);
  }

  take(entry: JobEntry, acknowledgements: Acknowledgements): void {
    const { clock, table } = this.#participant;
    const deadline = entry.deadline === 0 ? Infinity : table.toOurs(entry.deadline);
    // Nobody waits for it any more, and it must not run late.
    if (deadline <= clock.now()) return acknowledgements.add(entry.id);
    this.#count++;
    const taken: TakenJob = { entry, isOver: false };
    const answer = this.#callers.answerTo(entry.gate, entry.number, () => {
      taken.isOver = true;
      acknowledgements.add(entry.id);
      this.#leave();
    });
    let control = nothing;
    try {
      const job = jobOf(entry, this.#view, deadline, clock.now());
      if (entry.attempt > 1 || job.streamsInput) this.#callers.tellTaken(entry.gate, entry.number, entry.attempt);
      else this.#tellLater(taken);
      control = this.#run(job, answer);
    } catch (error) {
      answer.fail(GateError.from(error, "internal"));
    }
    answer.controlledBy(control);
  }

  #tellLater(taken: TakenJob): void {
    this.#fresh.push(taken);
    if (this.#fresh.length > 1) return;
    this.#participant.clock.after(silentMs, () => {
      const fresh = this.#fresh;
      this.#fresh = [];
      for (const { entry, isOver } of fresh) if (!isOver) this.#callers.tellTaken(entry.gate, entry.number, entry.attempt);
    });
  }

  #leave(): void {
    this.#count--;
    for (const resolve of this.#roomFor.splice(0)) resolve();
    if (this.#count === 0) for (const idle of this.#whenIdle.splice(0)) idle();
  }
}

function jobOf({ frame, target, gate }: JobEntry, view: RecordView, deadline: number, now: number): Job {
  let job: Job | undefined;
  readFrame(frame, view, (record) => (job ??= readJob(record, target, gate, now)));
  if (job === undefined) throw new GateError("invalid_argument", "an entry without a job");
  job.deadline = deadline;
  return job;
}
