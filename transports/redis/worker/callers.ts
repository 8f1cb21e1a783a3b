import { Flag, GateError, IncomingJob, type IncomingOwner, type Outbox, readFrame, RecordType, RecordView } from "unigate/transport";
import { type Letter, LetterKind } from "../mailbox/envelope.ts";
import { mailOutbox } from "../mailbox/mail-outbox.ts";
import type { Post, PostHandler } from "../mailbox/post.ts";

const decoder = new TextDecoder();

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

  /** The answer of the job `number` of `gate`; `over` is called once the gate has been told its end. */
  answerTo(gate: string, number: number, over: () => void): IncomingJob {
    return this.#callerOf(gate).answerTo(number, over);
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
class Caller implements IncomingOwner {
  readonly outbox: Outbox;
  readonly #jobs = new Map<number, { answer: IncomingJob; over: () => void }>();

  constructor(outbox: Outbox) {
    this.outbox = outbox;
  }

  answerTo(number: number, over: () => void): IncomingJob {
    // Given to us twice: we lost our lease in between, and what runs counts no more.
    this.#jobs.get(number)?.answer.lose("the job was given out again");
    const answer = new IncomingJob(this, number);
    this.#jobs.set(number, { answer, over });
    return answer;
  }

  forget(number: number): void {
    const job = this.#jobs.get(number);
    this.#jobs.delete(number);
    job?.over();
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
      if (record.type === RecordType.cancel) new IncomingJob(this, record.job).fail(new GateError("cancelled", "it does not run here"));
      return;
    }
    const isInput = record.has(Flag.input);
    if (record.type === RecordType.cancel) answer.cancel(record.payload.length > 0 ? decoder.decode(record.payload) : undefined);
    else if (record.type === RecordType.credit && !isInput) answer.credit(record.value);
    else if (record.type === RecordType.chunk && isInput) answer.receive(record.payload);
    else if (record.type === RecordType.end && isInput) answer.endInput();
  }
}
