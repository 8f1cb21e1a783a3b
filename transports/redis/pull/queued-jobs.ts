import {
  Flag,
  FrameWriter,
  GateError,
  type Job,
  type JobControl,
  type Logger,
  type Outbox,
  readFrame,
  RecordType,
  RecordView,
  type ReplySink,
  SlotTable,
  unpackMessage,
  writeJob,
} from "unigate/transport";
import { group } from "../keys.ts";
import { type Letter, LetterKind } from "../mailbox/envelope.ts";
import { mailOutbox } from "../mailbox/mail-outbox.ts";
import type { PostHandler } from "../mailbox/post.ts";
import type { Participant } from "../participant.ts";
import { lostAfterBeats } from "../settings.ts";
import { headerLine } from "./job-entry.ts";
import { QueuedJob, type QueuedJobOwner } from "./queued-job.ts";
import { withdrawScript } from "./scripts.ts";
import { Submissions } from "./submissions.ts";

const noBytes = new Uint8Array(0);
/** Jobs that one script takes back. */
const maxWithdrawn = 500;

/** What `withdrawScript` says of a job: 1 for taken back, 0 for gone, or the worker that has it. */
type WithdrawEnd = number | Buffer;

/** Every job that this gate has put into Redis and that has not ended. */
export class QueuedJobs implements QueuedJobOwner, PostHandler {
  readonly maxRecordBytes: number;
  readonly #participant: Participant;
  readonly #logger: Logger;
  readonly #jobs = new SlotTable<QueuedJob>();
  readonly #submissions = new Map<string, Submissions>();
  readonly #outboxes = new Map<string, Outbox>();
  /** Jobs that we gave up while Redis was away: they are taken back, or cancelled, when it is there again. */
  #givenUp: QueuedJob[] = [];
  readonly #writer: FrameWriter;
  #frame: Uint8Array = noBytes;
  readonly #view = new RecordView();
  #from = "";
  readonly #visit = (record: RecordView): void => this.#record(record);

  /** `maxRecordBytes`: the largest job that enters Redis. */
  constructor(participant: Participant, maxRecordBytes: number) {
    this.#participant = participant;
    this.#logger = participant.logger;
    this.maxRecordBytes = maxRecordBytes;
    this.#writer = new FrameWriter((frame) => (this.#frame = frame), maxRecordBytes);
    participant.post.handle(this);
    participant.handle({
      redisLost: (error) => this.#loseAll(error),
      beat: () => void this.#takeBackGivenUp(),
    });
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** Puts a job into the stream of `service`, its own, and hears the answer of whoever takes it. */
  send(job: Job, service: string, isIdempotent: boolean, sink: ReplySink): JobControl {
    // What has been streamed in cannot be streamed in again.
    const queued = new QueuedJob(this, sink, service, isIdempotent && !job.streamsInput);
    try {
      this.#enter(job, queued);
    } catch (error) {
      queued.outgoing.fail(GateError.from(error, "internal"), false);
    }
    return queued;
  }

  /** Fails every job that has not ended; resolves once Redis has none that nobody has taken. */
  async close(): Promise<void> {
    this.#loseAll(new GateError("unavailable", "the gate closed"));
    await this.#takeBackGivenUp();
  }

  // From the jobs.

  release(number: number): void {
    this.#jobs.release(number);
  }

  outboxTo(worker: string): Outbox {
    let outbox = this.#outboxes.get(worker);
    if (outbox === undefined) {
      outbox = mailOutbox(this.#participant.post, worker, this.maxRecordBytes, () => this.#jobs.size <= 1);
      this.#outboxes.set(worker, outbox);
    }
    return outbox;
  }

  forward(worker: string, frame: Uint8Array): void {
    this.outboxTo(worker).flush();
    this.#participant.post.write(worker, LetterKind.records, "", frame);
  }

  async withdraw({ service, entry = "" }: QueuedJob): Promise<"withdrawn" | "taken" | "gone"> {
    const { commands, keys } = this.#participant;
    const ends = await commands.script(withdrawScript, [keys.jobs(service)], [group, entry]).catch(() => [0]);
    const [end] = ends as WithdrawEnd[];
    if (end === 1) return "withdrawn";
    return end === 0 ? "gone" : "taken";
  }

  whenLate(late: () => void): void {
    const { clock, settings } = this.#participant;
    clock.after(settings.heartbeatMs * lostAfterBeats, late);
  }

  // From the post.

  letter(from: string, { kind, data }: Letter): void {
    if (kind !== LetterKind.records && kind !== LetterKind.refused) return;
    // A refusal comes from whoever found the job without its worker, and speaks for that worker.
    this.#from = kind === LetterKind.refused ? "" : from;
    try {
      readFrame(data, this.#view, this.#visit);
    } catch (error) {
      this.#logger.warn("a reply from Redis cannot be read; passed over", { from, reason: GateError.from(error).message });
    }
  }

  peerLost(peer: string): void {
    this.#outboxes.delete(peer);
    this.#loseRunner(peer);
  }

  emptied(): void {
    this.#loseAll(new GateError("unavailable", "Redis has lost what was on its way"));
  }

  #enter(job: Job, queued: QueuedJob): void {
    const participant = this.#participant;
    const number = this.#jobs.take(queued);
    queued.outgoing.number = number;
    if (participant.isRedisLost) throw new GateError("unavailable", `Redis at ${participant.settings.address.label} does not answer`);
    writeJob(this.#writer, job, number, 0, participant.clock.now());
    this.#writer.flush();
    queued.frame = this.#frame;
    queued.header = headerLine({
      gate: participant.id,
      number,
      deadline: job.deadline === Infinity ? 0 : participant.table.toRedis(job.deadline),
      attempt: 1,
      maxAttempts: participant.settings.maxDeliveries,
      isIdempotent: queued.isIdempotent,
      target: job.target,
    });
    this.#submissionsOf(queued.service).add(queued);
  }

  #submissionsOf(service: string): Submissions {
    let submissions = this.#submissions.get(service);
    if (submissions === undefined) {
      const { commands, keys, settings } = this.#participant;
      submissions = new Submissions(commands, keys.jobs(service), settings.maxLength);
      this.#submissions.set(service, submissions);
    }
    return submissions;
  }

  #record(record: RecordView): void {
    const queued = this.#jobs.find(record.job);
    const isInput = record.has(Flag.input);
    if (queued === undefined) {
      // Whoever takes a job that nobody waits for any more need not run it.
      if (record.type === RecordType.credit && isInput && record.route > 0) this.#cancelAt(this.#from, record.job);
      return;
    }
    if (this.#from !== "" && !queued.isFrom(this.#from, record.route)) return;
    const { outgoing } = queued;
    if (record.type === RecordType.end && !isInput)
      return outgoing.end(record.has(Flag.payload) ? record.payload : undefined, record.metadata);
    if (record.type === RecordType.fail)
      return outgoing.fail(GateError.fromWire(unpackMessage(record.payload, "fail")), record.has(Flag.notStarted));
    if (record.type === RecordType.credit && isInput) return outgoing.credit(record.value);
    if (record.type !== RecordType.chunk || isInput) return;
    queued.begun();
    if (record.has(Flag.head)) outgoing.head(record.metadata);
    else outgoing.receive(record.payload);
  }

  #loseRunner(worker: string): void {
    const error = new GateError("unavailable", "its worker is gone");
    for (const [, job] of this.#jobs.entries()) if (job.runner === worker) job.lostRunner(error);
  }

  #loseAll(error: GateError): void {
    for (const [, job] of this.#jobs.entries()) {
      this.#givenUp.push(job);
      job.outgoing.lose(error);
    }
  }

  async #takeBackGivenUp(): Promise<void> {
    const jobs = this.#givenUp;
    // It is not known yet whether Redis has them.
    this.#givenUp = jobs.filter(({ isOnItsWay }) => isOnItsWay);
    for (const { runner, outgoing } of jobs) if (runner !== undefined) this.#cancelAt(runner, outgoing.number);
    const waiting = jobs.filter(({ runner, entry }) => runner === undefined && entry !== undefined);
    for (const [service, all] of Map.groupBy(waiting, (job) => job.service))
      for (let at = 0; at < all.length; at += maxWithdrawn) await this.#takeBack(service, all.slice(at, at + maxWithdrawn));
  }

  async #takeBack(service: string, jobs: readonly QueuedJob[]): Promise<void> {
    const { commands, keys } = this.#participant;
    const entries = jobs.map(({ entry }) => entry as string);
    try {
      const ends = (await commands.script(withdrawScript, [keys.jobs(service)], [group, ...entries])) as WithdrawEnd[];
      for (const [at, end] of ends.entries())
        if (typeof end !== "number") this.#cancelAt(String(end), (jobs[at] as QueuedJob).outgoing.number);
    } catch {
      this.#givenUp.push(...jobs);
    }
  }

  #cancelAt(runner: string, number: number): void {
    this.outboxTo(runner).message(RecordType.cancel, 0, 0, 0, number, 0, 0, noBytes);
  }
}
