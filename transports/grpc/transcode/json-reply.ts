import { GateError, type JobControl, Metadata, type ReplySink } from "unigate/transport";
import { MessageReader } from "../messages/message-reader.ts";

/** What a reply needs to know of its method. */
export interface JsonReplyOptions {
  /** The method answers with a stream. */
  isStream: boolean;
  /** Largest message, in bytes. */
  maxBytes: number;
  /** What the caller gets for a message. */
  encode(message: Uint8Array): Uint8Array;
}

/** The bytes of a gRPC answer as values for a caller that wants JSON. A caller that reads slowly holds up the upstream. */
export class JsonReply implements ReplySink {
  readonly #sink: ReplySink;
  readonly #options: JsonReplyOptions;
  #reader: MessageReader;
  #control: JobControl | undefined;
  #held: Uint8Array | undefined;
  #only: Uint8Array | undefined;
  #finish: (() => void) | undefined;
  #isOver = false;
  #hasLeft = false;

  constructor(sink: ReplySink, options: JsonReplyOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#reader = new MessageReader({ encoding: "identity", maxBytes: options.maxBytes });
  }

  /** The control for whoever wants the answer, made of the one of the upstream's call. */
  controlledBy(control: JobControl): JobControl {
    this.#control = control;
    control.endInput?.();
    return { cancel: (reason) => this.#cancel(reason), resume: () => this.#resume() };
  }

  head(metadata: Metadata): void {
    const encoding = metadata.get("grpc-encoding");
    if (encoding !== undefined) this.#reader = new MessageReader({ encoding, maxBytes: this.#options.maxBytes });
    this.#sink.head?.(Metadata.fromFlat([...metadata].filter(([key]) => key !== "content-type" && !key.startsWith("grpc-")).flat()));
  }

  chunk(bytes: Uint8Array): boolean {
    if (this.#isOver || this.#hasLeft) return true;
    // A chunk that comes although we had no room was taken by contract: it waits with the others.
    if (this.#held !== undefined) {
      this.#held = Buffer.concat([this.#held, bytes]);
      return false;
    }
    return this.#take(bytes);
  }

  end(payload?: Uint8Array, trailers?: Metadata): void {
    if (payload !== undefined) this.chunk(payload);
    this.#whenTaken(() => {
      this.#reader.end();
      if (this.#options.isStream) return this.#sink.end(undefined, trailers);
      if (this.#only === undefined) throw new GateError("internal", "the upstream ended its call without an answer");
      this.#sink.end(this.#options.encode(this.#only), trailers);
    });
  }

  fail(error: GateError, neverStarted?: boolean): void {
    this.#whenTaken(() => this.#sink.fail(error, neverStarted));
  }

  #take(bytes: Uint8Array): boolean {
    try {
      let hasRoom = true;
      const used = this.#reader.push(bytes, (message) => (hasRoom = this.#message(message)));
      this.#held = hasRoom ? undefined : bytes.subarray(used);
      return hasRoom;
    } catch (error) {
      this.#break(error);
      return true;
    }
  }

  #message(message: Uint8Array): boolean {
    if (this.#options.isStream) return this.#sink.chunk(this.#options.encode(message));
    if (this.#only !== undefined) throw new GateError("internal", "the upstream answered a call for one message with several");
    this.#only = message;
    return true;
  }

  #resume(): void {
    if (this.#held === undefined) {
      this.#control?.resume();
      return;
    }
    if (!this.#take(this.#held)) return;
    const finish = this.#finish;
    this.#finish = undefined;
    if (finish === undefined) this.#control?.resume();
    else this.#whenTaken(finish);
  }

  /** Nobody reads what has come: the end does not wait for it. */
  #cancel(reason: string | undefined): void {
    this.#hasLeft = true;
    this.#held = undefined;
    const finish = this.#finish;
    if (finish === undefined) this.#control?.cancel(reason);
    else this.#whenTaken(finish);
  }

  #whenTaken(finish: () => void): void {
    if (this.#isOver) return;
    if (this.#held !== undefined) {
      this.#finish = finish;
      return;
    }
    this.#isOver = true;
    try {
      finish();
    } catch (error) {
      this.#sink.fail(GateError.from(error, "internal"));
    }
  }

  #break(error: unknown): void {
    this.#isOver = true;
    this.#held = undefined;
    this.#control?.cancel("its answer cannot be read");
    this.#sink.fail(GateError.from(error, "internal"));
  }
}
