import type { Clock, JobControl } from "unigate/transport";
import { tooSlow } from "./fetch-request.ts";

/** A sender of a `Request` may hand over any number of bytes at once; a worker takes them in pieces of this size. */
const pieceBytes = 64 * 1024;

/** The body of a request on its way to a worker, no faster than the worker takes it. */
export class BodySender {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #clock: Clock;
  readonly #idleMs: number;
  #isStopped = false;
  #goOn: (() => void) | undefined;

  /** `idleMs` is the longest pause between two pieces; 0 for any. */
  constructor(body: ReadableStream<Uint8Array>, clock: Clock, idleMs: number) {
    this.#reader = body.getReader();
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  /** Resolves once all has been sent, or `stop` was called; rejects when the sender leaves, or makes a pause that is too long. */
  async send(control: JobControl): Promise<void> {
    while (true) {
      const { done, value } = await this.#next();
      if (this.#isStopped) return;
      if (done) return control.endInput?.();
      for (let at = 0; at < value.length && !this.#isStopped; at += pieceBytes) {
        if (control.input?.(value.subarray(at, at + pieceBytes)) === false) await this.#room();
      }
    }
  }

  /** The worker has room for more. */
  drained(): void {
    this.#goOn?.();
    this.#goOn = undefined;
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.#isStopped = true;
    this.#reader.cancel().catch(() => {});
    this.drained();
  }

  async #next(): ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]> {
    if (this.#idleMs === 0) return this.#reader.read();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#clock.after(this.#idleMs, () => reject(tooSlow().error));
    try {
      return await Promise.race([this.#reader.read(), late]);
    } finally {
      timer.clear();
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }
}
