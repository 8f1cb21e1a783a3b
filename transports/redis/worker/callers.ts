import {
  Flag,
  GateError,
  IncomingJob,
  type IncomingOwner,
  NumberMap,
  type Outbox,
  readFrame,
  RecordType,
  RecordView,
} from "unigate/transport";
import { type Letter, LetterKind } from "../mailbox/envelope.ts";
import { mailOutbox } from "../mailbox/mail-outbox.ts";
import type { Post, PostHandler } from "../mailbox/post.ts";

const decoder = new TextDecoder();

/** Hears of the end of a job that it has taken. */
export interface JobTaker {
  /** The gate has been told the end. */
  over(): void;
}

/** The gates whose jobs this worker has taken, and what they say to those jobs. */
export class Callers implements PostHandler {
  readonly #post: Post;
  readonly #maxRecordBytes: number;
  readonly #isQuiet: () => boolean;
  readonly #callers = new Map<string, Caller>();
  readonly #view = new RecordView();

  constructor(post: Post, maxRecordBytes: number, isQuiet: () => boolean) {
    this.#post = post;
    this.#maxRecordBytes = maxRecordBytes;
    this.#isQuiet = isQuiet;
    post.handle(this);
  }

  /** The answer of the job `number` of `gate`. */
  answerTo(gate: string, number: number, taker: JobTaker): IncomingJob {
    return this.#callerOf(gate).answerTo(number, taker);
  }

  /** Tells the gate that we have its job, before there is any answer. */
  tellTaken(gate: string, number: number, attempt: number): void {
    this.#callers.get(gate)?.outbox.record({ type: RecordType.credit, flags: Flag.input, job: number, route: attempt });
  }

  letter(from: string, { kind, data }: Letter): void {
    if (kind !== LetterKind.records) return;
    const caller = this.#callerOf(from);
    try {
      readFrame(data, this.#view, (record) => caller.record(record));
    } catch {
      // It is no frame, or exceeds its credit: that gate's own jobs end, and nothing else.
      caller.lose("the gate broke the protocol");
    }
  }

  peerLost(peer: string): void {
    const caller = this.#callers.get(peer);
    this.#callers.delete(peer);
    caller?.lose("the caller is gone");
  }

  // The gates have given up what ran, and what they said of it is lost.
  emptied(): void {
    for (const caller of this.#callers.values()) caller.cancel("Redis has lost what was on its way");
  }

  #callerOf(gate: string): Caller {
    let caller = this.#callers.get(gate);
    if (caller === undefined) {
      caller = new Caller(mailOutbox(this.#post, gate, this.#maxRecordBytes, this.#isQuiet));
      this.#callers.set(gate, caller);
    }
    return caller;
  }
}

/** One gate, as the worker sees it. */
class Caller {
  readonly outbox: Outbox;
  readonly #jobs = new NumberMap<TakenJob>();

  constructor(outbox: Outbox) {
    this.outbox = outbox;
  }

  answerTo(number: number, taker: JobTaker): IncomingJob {
    // Given to us twice: we lost our lease in between, and what runs counts no more.
    this.#jobs.get(number)?.answer.lose("the job was given out again");
    const job = new TakenJob(this, taker, number);
    this.#jobs.set(number, job);
    return job.answer;
  }

  forget(number: number): void {
    this.#jobs.delete(number);
  }

  lose(reason: string): void {
    for (const { answer } of this.#jobs.values()) answer.lose(reason);
  }

  cancel(reason: string): void {
    for (const { answer } of this.#jobs.values()) answer.cancel(reason);
  }

  record(record: RecordView): void {
    const answer = this.#jobs.get(record.job)?.answer;
    if (answer === undefined) {
      // Its answer never arrived: the gate waits to hear that we have let go.
      if (record.type === RecordType.cancel)
        new IncomingJob({ outbox: this.outbox, forget: () => {} }, record.job).fail(new GateError("cancelled", "it does not run here"));
      return;
    }
    const isInput = record.has(Flag.input);
    if (record.type === RecordType.cancel) answer.cancel(record.payload.length > 0 ? decoder.decode(record.payload) : undefined);
    else if (record.type === RecordType.credit && !isInput) answer.credit(record.value);
    else if (record.type === RecordType.chunk && isInput) answer.receive(record.payload);
    else if (record.type === RecordType.end && isInput) answer.endInput();
  }
}

/** One job of a gate; here rather than in closures, as it comes with every call. */
class TakenJob implements IncomingOwner {
  readonly outbox: Outbox;
  readonly answer: IncomingJob;
  readonly #caller: Caller;
  readonly #taker: JobTaker;

  constructor(caller: Caller, taker: JobTaker, number: number) {
    this.outbox = caller.outbox;
    this.#caller = caller;
    this.#taker = taker;
    this.answer = new IncomingJob(this, number);
  }

  forget(number: number): void {
    this.#caller.forget(number);
    this.#taker.over();
  }
}
