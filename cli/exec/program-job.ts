import { GateError, isCode } from "unigate/transport";

/** Characters of a stream that wait for its reader; with more, the program is read no further. */
const mostWaiting = 256 * 1024;

interface Chunk {
  value: unknown;
  size: number;
}

/**
 * One job of a program: *open* until the program has answered it, or has ended.
 *
 * The first answer tells what it is: a result, an error, or the first value of a stream. A cancelled job stays open until the program
 * lets go of it, and what comes for it until then is dropped.
 */
export class ProgramJob {
  readonly id: number;
  readonly #first = Promise.withResolvers<unknown>();
  readonly #chunks: Chunk[] = [];
  readonly #changed: () => void;
  #waiting = 0;
  #wake: (() => void) | undefined;
  #isStream = false;
  #isOver = false;
  #error: unknown;
  #cancelled: unknown;

  /** `changed` is told when `isFull` may have changed. */
  constructor(id: number, changed: () => void) {
    this.id = id;
    this.#changed = changed;
    this.#first.promise.catch(() => {});
  }

  /** The result, or the stream. */
  get answer(): Promise<unknown> {
    return this.#first.promise;
  }

  /** Its reader is behind. */
  get isFull(): boolean {
    return this.#waiting > mostWaiting;
  }

  /** Nobody waits for it any more: what the program still says of it is dropped. */
  cancel(reason: unknown): void {
    this.#cancelled = reason;
    this.#chunks.length = 0;
    this.#setWaiting(0);
  }

  /** One more value of a stream, of a line of `size` characters. */
  chunk(value: unknown, size: number): void {
    this.#open();
    if (this.#cancelled !== undefined) return;
    this.#chunks.push({ value, size });
    this.#setWaiting(this.#waiting + size);
    this.#wake?.();
  }

  /** The end of a stream; without a value before it, an empty one. */
  end(): void {
    this.#open();
    this.#finish();
  }

  result(value: unknown): void {
    if (this.#isStream) return this.fail(new GateError("internal", "the program answered with a result after values of a stream"));
    if (this.#cancelled === undefined) this.#first.resolve(value);
    else this.#first.reject(this.#cancelled);
    this.#isOver = true;
  }

  fail(error: unknown): void {
    this.#error = this.#cancelled ?? error;
    if (!this.#isStream) this.#first.reject(this.#error);
    this.#finish();
  }

  #finish(): void {
    if (this.#cancelled !== undefined) this.#error = this.#cancelled;
    this.#isOver = true;
    this.#wake?.();
  }

  #open(): void {
    if (this.#isStream) return;
    this.#isStream = true;
    this.#first.resolve(this.#read());
  }

  async *#read(): AsyncGenerator {
    while (true) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#setWaiting(this.#waiting - chunk.size);
        yield chunk.value;
      } else if (this.#isOver) break;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#error !== undefined) throw this.#error;
  }

  #setWaiting(characters: number): void {
    const wasFull = this.isFull;
    this.#waiting = characters;
    if (wasFull !== this.isFull) this.#changed();
  }
}

/** An error as a program writes it: a text, or `{ code, message }`. Its stack would be ours, so that it carries none. */
export function errorOf(said: unknown): GateError {
  if (typeof said === "string") return new GateError("unknown", said);
  const { code, message } = (typeof said === "object" && said !== null ? said : {}) as Readonly<Record<string, unknown>>;
  return new GateError(isCode(code) ? code : "unknown", typeof message === "string" ? message : "the program gave no reason");
}
