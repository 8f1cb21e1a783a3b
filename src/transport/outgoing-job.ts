import { GateError } from "../error/gate-error.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Metadata } from "../job/metadata.ts";
import { Flag, RecordType, creditCost, initialCredit } from "../protocol/record.ts";
import { Inflow, type InflowTarget } from "./inflow.ts";
import type { Outbox } from "./outbox.ts";

/** What an outgoing job needs of its session. */
export interface OutgoingOwner {
  readonly outbox: Outbox;
  /** The job's number is free again. */
  release(number: number): void;
}

const noBytes = new Uint8Array(0);
const encoder = new TextEncoder();

/** A job that we sent to the peer: it hears the peer's records and controls the job through records of its own. */
export class OutgoingJob implements JobControl, InflowTarget {
  /** Set by the session once it has a number to give; 0 for a job that never left. */
  number = 0;
  readonly #owner: OutgoingOwner;
  readonly #sink: ReplySink;
  #inflow: Inflow | undefined;
  #inputCredit = initialCredit;
  #hasEnded = false;
  #isCancelled = false;

  constructor(owner: OutgoingOwner, sink: ReplySink) {
    this.#owner = owner;
    this.#sink = sink;
  }

  // From the peer.

  head(metadata: Metadata): void {
    if (!this.#isCancelled) this.#sink.head?.(metadata);
  }

  /** Throws when the peer sends more than its credit. */
  receive(payload: Uint8Array): void {
    this.#inflow ??= new Inflow(this);
    this.#inflow.receive(payload);
  }

  end(payload: Uint8Array | undefined, trailers: Metadata | undefined): void {
    this.#owner.release(this.number);
    if (this.#inflow === undefined || this.#isCancelled) this.#end(payload, trailers);
    else this.#inflow.finish(() => this.#end(payload, trailers));
  }

  fail(error: GateError, neverStarted: boolean): void {
    this.#owner.release(this.number);
    if (this.#inflow === undefined || this.#isCancelled) this.#fail(error, neverStarted);
    else this.#inflow.finish(() => this.#fail(error, neverStarted));
  }

  /** The peer has room for `units` more of input. */
  credit(units: number): void {
    const wasOut = this.#inputCredit <= 0;
    this.#inputCredit += units;
    if (wasOut && this.#inputCredit > 0) this.#sink.drained?.();
  }

  /** The link is gone: whatever is held is dropped and the sink hears `error` now. */
  lose(error: GateError): void {
    this.#owner.release(this.number);
    this.#fail(error, false);
  }

  // To the peer.

  cancel(reason?: string): void {
    if (this.#hasEnded || this.#isCancelled) return;
    this.#isCancelled = true;
    const why = reason === undefined ? noBytes : encoder.encode(reason.slice(0, 1000));
    this.#owner.outbox.message(RecordType.cancel, 0, 0, 0, this.number, 0, 0, why);
    // A slow reader that cancels will never resume: let an end that waits for it come through.
    this.#inflow?.resume();
  }

  resume(): void {
    this.#inflow?.resume();
  }

  input(payload: Uint8Array): boolean {
    if (this.#hasEnded || this.#isCancelled) return true;
    try {
      this.#owner.outbox.message(RecordType.chunk, Flag.input, 0, 0, this.number, 0, 0, payload);
    } catch (error) {
      this.#refuse(error);
      return true;
    }
    this.#inputCredit -= creditCost(payload.length);
    return this.#inputCredit > 0;
  }

  endInput(): void {
    if (!this.#hasEnded && !this.#isCancelled) this.#owner.outbox.control(RecordType.end, Flag.input, this.number, 0);
  }

  // For the inflow.

  deliver(chunk: Uint8Array): boolean {
    return this.#isCancelled || this.#hasEnded || this.#sink.chunk(chunk);
  }

  grant(units: number): void {
    if (!this.#hasEnded && !this.#isCancelled) this.#owner.outbox.control(RecordType.credit, 0, this.number, units);
  }

  /** The number is released when the worker has let go: until then it is the worker's. */
  #refuse(error: unknown): void {
    this.cancel("the input does not fit the link");
    this.#fail(GateError.from(error, "internal"), false);
  }

  #end(payload: Uint8Array | undefined, trailers: Metadata | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#sink.end(payload, trailers);
  }

  #fail(error: GateError, neverStarted: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#sink.fail(error, neverStarted);
  }
}
