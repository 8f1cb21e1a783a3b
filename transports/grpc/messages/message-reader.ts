import { gunzipSync } from "node:zlib";
import { GateError } from "unigate/transport";

const prefixBytes = 5;
const noBytes: Uint8Array = new Uint8Array(0);

/** How the messages of a stream come. */
export interface MessageReaderOptions {
  /** Value of `grpc-encoding`. */
  encoding: string;
  /** Largest message, in bytes, before and after compression. */
  maxBytes: number;
}

/**
 * Cuts a byte stream into gRPC messages: one byte of flags, four bytes of length (big-endian), the message.
 *
 * Holds at most one message and copies a message only when it arrived in pieces. Source: the gRPC protocol over HTTP/2,
 * `Length-Prefixed-Message`.
 */
export class MessageReader {
  readonly #options: MessageReaderOptions;
  readonly #prefix = Buffer.alloc(prefixBytes);
  #prefixFilled = 0;
  /** The message under way, when it comes in pieces. */
  #body: Buffer | undefined;
  #bodyFilled = 0;
  #hasRoom = true;

  constructor(options: MessageReaderOptions) {
    this.#options = options;
  }

  /**
   * Takes the next bytes and calls `take` for each message that is whole; stops after one for which it returned false. Returns how
   * many bytes it has used: hand in the rest later. Throws `resource_exhausted` for a message that is too large, `internal` for a
   * malformed one and `unimplemented` for a compression that we do not know.
   */
  push(bytes: Uint8Array, take: (message: Uint8Array) => boolean): number {
    let at = 0;
    this.#hasRoom = true;
    const give = (message: Uint8Array): void => {
      this.#hasRoom = take(message);
    };
    while (this.#hasRoom && at < bytes.length) {
      if (this.#body !== undefined) at = this.#fill(this.#body, bytes, at, give);
      else if (this.#prefixFilled === 0 && bytes.length - at >= prefixBytes) at = this.#begin(bytes, at, give);
      else at = this.#fillPrefix(bytes, at, give);
    }
    return at;
  }

  /** Says that the stream is over; throws `internal` when it ended inside a message. */
  end(): void {
    if (this.#body === undefined && this.#prefixFilled === 0) return;
    const missing = this.#body === undefined ? "a length prefix" : `a message: ${this.#bodyFilled} of ${this.#body.length} bytes came`;
    throw new GateError("internal", `the gRPC stream ended inside ${missing}`);
  }

  /** Reads a prefix and, when the whole message is there, the message without a copy. */
  #begin(bytes: Uint8Array, at: number, give: (message: Uint8Array) => void): number {
    const flags = bytes[at] as number;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const length = view.getUint32(at + 1);
    this.#check(flags, length);
    const start = at + prefixBytes;
    if (bytes.length - start >= length) {
      give(this.#expand(flags, bytes.subarray(start, start + length)));
      return start + length;
    }
    this.#prefix[0] = flags;
    this.#body = Buffer.allocUnsafeSlow(length);
    this.#bodyFilled = 0;
    return start;
  }

  #fillPrefix(bytes: Uint8Array, at: number, give: (message: Uint8Array) => void): number {
    const count = Math.min(prefixBytes - this.#prefixFilled, bytes.length - at);
    this.#prefix.set(bytes.subarray(at, at + count), this.#prefixFilled);
    this.#prefixFilled += count;
    if (this.#prefixFilled < prefixBytes) return at + count;
    this.#prefixFilled = 0;
    this.#begin(this.#prefix, 0, give);
    return at + count;
  }

  #fill(body: Buffer, bytes: Uint8Array, at: number, give: (message: Uint8Array) => void): number {
    const count = Math.min(body.length - this.#bodyFilled, bytes.length - at);
    body.set(bytes.subarray(at, at + count), this.#bodyFilled);
    this.#bodyFilled += count;
    if (this.#bodyFilled === body.length) {
      this.#body = undefined;
      give(this.#expand(this.#prefix[0] as number, body));
    }
    return at + count;
  }

  #check(flags: number, length: number): void {
    const { encoding, maxBytes } = this.#options;
    if (flags > 1)
      throw new GateError("internal", `a malformed gRPC message: its first byte is ${flags}; it is 0, or 1 for a compressed message`);
    if (length > maxBytes) throw tooLarge(length, maxBytes);
    if (flags === 0) return;
    if (encoding === "identity") throw new GateError("internal", "a gRPC message is compressed, but the call names no grpc-encoding");
    if (encoding !== "gzip")
      throw new GateError("unimplemented", `grpc-encoding ${JSON.stringify(encoding)} is not known here; use gzip or identity`);
  }

  #expand(flags: number, message: Uint8Array): Uint8Array {
    if (flags === 0) return message.length === 0 ? noBytes : message;
    try {
      return gunzipSync(message, { maxOutputLength: this.#options.maxBytes });
    } catch (error) {
      if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(undefined, this.#options.maxBytes);
      throw new GateError("internal", "a compressed gRPC message is not gzip", { cause: error });
    }
  }
}

function tooLarge(length: number | undefined, limit: number): GateError {
  const size = length === undefined ? "a compressed gRPC message" : `a gRPC message of ${length} bytes`;
  return new GateError("resource_exhausted", `${size} is larger than the limit of ${limit}; raise maxPayload or stream it`, {
    retryable: false,
  });
}
