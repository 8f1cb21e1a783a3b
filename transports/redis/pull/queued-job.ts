import { GateError, type JobControl, Outbox, OutgoingJob, type OutgoingOwner, type ReplySink } from "unigate/transport";
import type { Entries, Submission } from "./submissions.ts";

const noBytes = new Uint8Array(0);

/** What a queued job needs of those that know everyone. */
export interface QueuedJobOwner {
  readonly maxRecordBytes: number;
  release(number: number): void;
  outboxTo(worker: string): Outbox;
  /** Sends a frame that was made before its reader was known. */
  forward(worker: string, frame: Uint8Array): void;
  /** Takes the entry out of the stream, if no worker has taken it. */
  withdraw(job: QueuedJob): Promise<"withdrawn" | "taken" | "gone">;
  /** Calls `late` once every letter that is on its way has had the time to come. */
  whenLate(late: () => void): void;
}

/**
 * A job of this gate that lies in the stream of its service, or is run by the worker that took it.
 *
 * Who runs it shows with the first record that comes back; what there is to say to it before that is held. A worker that takes it
 * after another one was lost says so with the number of its attempt, and whatever the lost one still sends is passed over.
 */
export class QueuedJob implements OutgoingOwner, JobControl, Submission {
  readonly outgoing: OutgoingJob;
  readonly service: string;
  readonly isIdempotent: boolean;
  header = "";
  frame: Uint8Array = noBytes;
  /** Where its id in the stream is told. */
  #entries: Entries | undefined;
  #at = 0;
  /** Who runs it. */
  #runner: string | undefined;
  #isRefused = false;
  readonly #owner: QueuedJobOwner;
  #attempt = 0;
  #hasBegun = false;
  #isCancelled = false;
  #held: Uint8Array[] | undefined;
  #limbo: Outbox | undefined;

  constructor(owner: QueuedJobOwner, sink: ReplySink, service: string, isIdempotent: boolean) {
    this.#owner = owner;
    this.service = service;
    this.isIdempotent = isIdempotent;
    this.outgoing = new OutgoingJob(this, sink);
  }

  /** Its id in the stream; undefined until Redis has told it. */
  get entry(): string | undefined {
    return this.#entries?.id(this.#at);
  }

  get runner(): string | undefined {
    return this.#runner;
  }

  /** Redis has not said yet whether it has the job. */
  get isOnItsWay(): boolean {
    return this.#entries === undefined && !this.#isRefused;
  }

  // For the half that speaks records.

  get outbox(): Outbox {
    if (this.#runner !== undefined) return this.#owner.outboxTo(this.#runner);
    this.#limbo ??= new Outbox(
      {
        carrier: "redis",
        remote: this.service,
        maxFrameBytes: this.#owner.maxRecordBytes,
        open: () => {},
        send: (frame) => (this.#held ??= []).push(frame),
        close: () => {},
      },
      this.#owner.maxRecordBytes,
      () => true,
    );
    return this.#limbo;
  }

  release(number: number): void {
    this.#owner.release(number);
  }

  // From the caller.

  cancel(reason?: string): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.outgoing.cancel(reason);
    if (this.#runner === undefined) void this.#takeBack();
  }

  resume(): void {
    this.outgoing.resume();
  }

  input(payload: Uint8Array): boolean {
    return this.outgoing.input(payload);
  }

  endInput(): void {
    this.outgoing.endInput();
  }

  // From the stream.

  submitted(entries: Entries, at: number): void {
    this.#entries = entries;
    this.#at = at;
    this.frame = noBytes;
    if (this.#isCancelled) void this.#takeBack();
  }

  refused(error: GateError): void {
    this.#isRefused = true;
    this.outgoing.fail(error, false);
  }

  // From the mailbox.

  /** Tells whether a record of `worker` counts; `attempt` is 0 where the record does not say. */
  isFrom(worker: string, attempt: number): boolean {
    if (this.#runner !== undefined && attempt <= this.#attempt) return this.#runner === worker;
    // The caller has seen a part of an answer that nobody can go on with.
    if (this.#hasBegun) this.outgoing.lose(new GateError("unavailable", "its worker was lost in the middle of the answer"));
    else this.#takenBy(worker, Math.max(1, attempt));
    return !this.#hasBegun;
  }

  /** A part of the answer has come: another worker cannot begin anew. */
  begun(): void {
    this.#hasBegun = true;
  }

  /** Its worker is gone: ends it, unless another one may still bring the answer. */
  lostRunner(error: GateError): void {
    if (!this.isIdempotent || this.#hasBegun || this.#isCancelled) this.outgoing.lose(error);
  }

  #takenBy(worker: string, attempt: number): void {
    this.#runner = worker;
    this.#attempt = attempt;
    this.#limbo?.flush();
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const frame of held) this.#owner.forward(worker, frame);
  }

  async #takeBack(): Promise<void> {
    if (this.#entries === undefined) return;
    const end = await this.#owner.withdraw(this);
    if (end === "withdrawn") this.outgoing.fail(new GateError("cancelled", "it was taken back before a worker took it"), true);
    // Its answer is on the way, or was lost with whoever was to give it.
    if (end === "gone") this.#owner.whenLate(() => this.outgoing.lose(new GateError("unavailable", "Redis has lost it")));
  }
}
