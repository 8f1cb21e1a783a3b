import { GateError } from "../error/gate-error.ts";
import type { Metadata } from "../job/metadata.ts";
import type { ReplySink } from "../job/reply.ts";
import type { StoredReply } from "./stored-job.ts";

/** How an attempt ended. */
export type AttemptOutcome = { reply: StoredReply } | { error: GateError; neverStarted: boolean };

/** The sink of an attempt: collects the reply, up to `maxBytes` of it, and tells once how it ended. */
export class ReplyKeeper implements ReplySink {
  readonly #maxBytes: number;
  readonly #settle: (outcome: AttemptOutcome) => void;
  readonly #chunks: Uint8Array[] = [];
  #head: Metadata | undefined;
  #bytes = 0;
  #isStream = false;
  #isOver = false;

  constructor(maxBytes: number, settle: (outcome: AttemptOutcome) => void) {
    this.#maxBytes = maxBytes;
    this.#settle = settle;
  }

  head(metadata: Metadata): void {
    this.#head = metadata;
  }

  chunk(payload: Uint8Array): boolean {
    this.#isStream = true;
    this.#keep(payload);
    return true;
  }

  end(payload?: Uint8Array): void {
    const chunks = this.#chunks;
    if (payload !== undefined) this.#bytes += payload.length;
    if (this.#bytes > this.#maxBytes) return this.#over({ error: this.#tooLarge(), neverStarted: false });
    this.#over({
      reply: {
        head: this.#head?.flat ?? [],
        ...(this.#isStream ? { chunks } : {}),
        // The payload is a view into a frame that others share.
        ...(payload === undefined ? {} : { payload: payload.slice() }),
      },
    });
  }

  fail(error: GateError, neverStarted = false): void {
    this.#over({ error, neverStarted });
  }

  #keep(payload: Uint8Array): void {
    this.#bytes += payload.length;
    if (this.#isOver) return;
    if (this.#bytes <= this.#maxBytes) this.#chunks.push(payload.slice());
    else this.#over({ error: this.#tooLarge(), neverStarted: false });
  }

  #over(outcome: AttemptOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#settle(outcome);
  }

  #tooLarge(): GateError {
    return new GateError(
      "out_of_range",
      `the result is larger than maxPayload, ${this.#maxBytes} bytes; let the method store it elsewhere`,
    );
  }
}
