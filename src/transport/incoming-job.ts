import { GateError } from "../error/gate-error.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Metadata } from "../job/metadata.ts";
import { packMessage } from "../protocol/messages.ts";
import { Flag, RecordType, creditCost, initialCredit } from "../protocol/record.ts";
import { Inflow, type InflowTarget } from "./inflow.ts";
import type { Outbox } from "./outbox.ts";

/** What an incoming job needs of its session. */
export interface IncomingOwner {
  readonly outbox: Outbox;
  /** The peer has been told the end of this job. */
  forget(number: number): void;
}

const noBytes = new Uint8Array(0);

/** A job that the peer sent us: what our side answers becomes records, and the peer's records control the job. */
export class IncomingJob implements ReplySink, InflowTarget {
  readonly number: number;
  readonly #owner: IncomingOwner;
  #control: JobControl | undefined;
  #inflow: Inflow | undefined;
  #credit = initialCredit;
  #isOver = false;

  constructor(owner: IncomingOwner, number: number) {
    this.#owner = owner;
    this.number = number;
  }

  /** Names who runs the job; called once, when the job has been handed over. */
  controlledBy(control: JobControl): void {
    this.#control = control;
  }

  // To the peer.

  head(metadata: Metadata): void {
    if (this.#isOver) return;
    this.#owner.outbox.message(RecordType.chunk, Flag.head, 0, 0, this.number, 0, 0, noBytes, metadata);
  }

  chunk(payload: Uint8Array): boolean {
    if (this.#isOver) return true;
    try {
      this.#owner.outbox.message(RecordType.chunk, 0, 0, 0, this.number, 0, 0, payload);
    } catch (error) {
      this.#refuse(error);
      return true;
    }
    this.#credit -= creditCost(payload.length);
    return this.#credit > 0;
  }

  end(payload?: Uint8Array, trailers?: Metadata): void {
    if (this.#isOver) return;
    try {
      this.#owner.outbox.message(
        RecordType.end,
        payload === undefined ? 0 : Flag.payload,
        0,
        0,
        this.number,
        0,
        0,
        payload ?? noBytes,
        trailers,
      );
    } catch (error) {
      this.fail(GateError.from(error, "internal"));
      return;
    }
    this.#over();
  }

  fail(error: GateError, neverStarted = false): void {
    if (this.#isOver) return;
    this.#owner.outbox.message(
      RecordType.fail,
      neverStarted ? Flag.notStarted : 0,
      0,
      0,
      this.number,
      0,
      0,
      failurePayload(error, this.#owner.outbox.maxRecordBytes),
    );
    this.#over();
  }

  drained(): void {
    this.#inflow?.resume();
  }

  // From the peer.

  /** The reader has room for `units` more. */
  credit(units: number): void {
    const wasOut = this.#credit <= 0;
    this.#credit += units;
    if (wasOut && this.#credit > 0) this.#control?.resume();
  }

  cancel(reason: string | undefined): void {
    if (!this.#isOver) this.#control?.cancel(reason);
  }

  /** A piece of input; throws when the peer sends more than its credit. */
  receive(payload: Uint8Array): void {
    this.#inflow ??= new Inflow(this);
    this.#inflow.receive(payload);
  }

  endInput(): void {
    if (this.#inflow === undefined) this.#control?.endInput?.();
    else this.#inflow.finish(() => this.#control?.endInput?.());
  }

  /** The link is gone: nobody can be answered any more. */
  lose(reason: string): void {
    if (this.#isOver) return;
    this.#over();
    this.#control?.cancel(reason);
  }

  // For the inflow.

  deliver(chunk: Uint8Array): boolean {
    return this.#isOver || (this.#control?.input?.(chunk) ?? true);
  }

  grant(units: number): void {
    if (!this.#isOver) this.#owner.outbox.control(RecordType.credit, Flag.input, this.number, units);
  }

  #refuse(error: unknown): void {
    this.fail(GateError.from(error, "internal"));
    this.#control?.cancel("the reply does not fit the link");
  }

  #over(): void {
    this.#isOver = true;
    this.#owner.forget(this.number);
  }
}

function failurePayload(error: GateError, limit: number): Uint8Array {
  const payload = packMessage(error.toWire());
  // Details are the caller's bonus; the message and the code must arrive.
  if (payload.length < limit / 2) return payload;
  return packMessage({ code: error.code, message: error.message.slice(0, 1000), retryable: error.retryable });
}
