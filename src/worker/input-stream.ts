import type { GateError } from "../error/gate-error.ts";

/** What a caller streams in, for its handler to read. Holds at most what the link's credit lets through. */
export class InputStream implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  readonly #drained: () => void;
  #wake: (() => void) | undefined;
  #hasEnded = false;
  #error: GateError | undefined;

  /** `drained` is called when the reader has taken everything and more may come. */
  constructor(drained: () => void) {
    this.#drained = drained;
  }

  static empty(): InputStream {
    const stream = new InputStream(() => {});
    stream.end();
    return stream;
  }

  /** False: hold the next chunk until `drained`. */
  push(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    this.#wakeUp();
    return false;
  }

  end(): void {
    this.#hasEnded = true;
    this.#wakeUp();
  }

  fail(error: GateError): void {
    this.#error = error;
    this.#wakeUp();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    while (true) {
      if (this.#error !== undefined) throw this.#error;
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        if (this.#chunks.length === 0) this.#drained();
        yield chunk;
      } else if (this.#hasEnded) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
