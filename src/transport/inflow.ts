import { GateError } from "../error/gate-error.ts";
import { creditCost, initialCredit } from "../protocol/record.ts";

/** Where the chunks of one direction of one job go, and how more are asked for. */
export interface InflowTarget {
  /** False: hold what comes next until `resume`. */
  deliver(chunk: Uint8Array): boolean;
  /** Lets the sender send `units` more. */
  grant(units: number): void;
}

/**
 * The receiving end of a stream: holds what a slow reader cannot take, and grants credit as chunks are delivered.
 *
 * What is held never exceeds the credit that we granted; a sender that exceeds it breaks the protocol and `receive` throws.
 */
export class Inflow {
  readonly #target: InflowTarget;
  readonly #held: Uint8Array[] = [];
  #isPaused = false;
  /** Units received and not yet granted again. */
  #outstanding = 0;
  #delivered = 0;
  #finish: (() => void) | undefined;

  constructor(target: InflowTarget) {
    this.#target = target;
  }

  receive(chunk: Uint8Array): void {
    if (this.#outstanding >= initialCredit)
      throw new GateError("resource_exhausted", "the peer sent more of a stream than it had credit for");
    this.#outstanding += creditCost(chunk.length);
    if (this.#isPaused) this.#held.push(chunk);
    else this.#deliver(chunk);
  }

  /** Calls `finish` once everything held has been delivered: at once when nothing is. */
  finish(finish: () => void): void {
    if (this.#held.length === 0) finish();
    else this.#finish = finish;
  }

  /** The reader has room again. */
  resume(): void {
    this.#isPaused = false;
    while (!this.#isPaused) {
      const chunk = this.#held.shift();
      if (chunk === undefined) break;
      this.#deliver(chunk);
    }
    this.#grant();
    if (this.#held.length > 0 || this.#finish === undefined) return;
    const finish = this.#finish;
    this.#finish = undefined;
    finish();
  }

  #deliver(chunk: Uint8Array): void {
    this.#delivered += creditCost(chunk.length);
    if (this.#target.deliver(chunk)) this.#grant();
    else this.#isPaused = true;
  }

  // Half the window at a time: one credit record per 32 small chunks, and the sender need not stop in between.
  // A paused reader is granted nothing: its window closes and the sender stops.
  #grant(): void {
    if (this.#isPaused || this.#delivered < initialCredit / 2) return;
    const units = this.#delivered;
    this.#delivered = 0;
    this.#outstanding -= units;
    this.#target.grant(units);
  }
}
