import type { H2Connection } from "./connection.ts";
import { streamWindowBytes } from "./greeting.ts";
import type { HeaderFields } from "./header-fields.ts";
import { dropBytes, holdBytes } from "./held-bytes.ts";
import { ErrorCode } from "./protocol.ts";

/** Who hears what comes on a stream: headers, data, trailers, `ended`, and after all of it `closed`. */
export interface StreamListener {
  /** The first header block, or the trailers. */
  headers(fields: HeaderFields): void;
  /** False: hold what comes next until `resume`. The bytes are good until it returns, where the connection reads into one buffer. */
  data(bytes: Buffer): boolean;
  /** The peer has said everything. */
  ended(): void;
  /** There is room again after a `write` that returned false. */
  hasRoom(): void;
  /** Nothing comes after it. `code` is that of a reset by either side; 0 for a stream that ended, or lost its connection. */
  closed(code: number): void;
}

/** What waits in a stream before its writer is told to wait. */
const highWaterBytes = 64 * 1024;

type Held = { bytes: Buffer } | { fields: HeaderFields } | { end: true };

/** One stream of an HTTP/2 connection, of either role. Source: RFC 9113 section 5. */
export class H2Stream {
  /** 0 until it is open. */
  id = 0;
  readonly connection: H2Connection;
  #listener: StreamListener | undefined;
  /** What the peer has reset it with, or we. */
  resetCode = 0;
  /** Bytes that we may send on it. */
  sendWindow = 0;
  /** Bytes that the peer may send on it. */
  receiveWindow = 0;
  #consumed = 0;
  hasSentHeaders = false;
  #hasSentEnd = false;
  #hasHeardEnd = false;
  hasHeardHeaders = false;
  isClosed = false;
  /** What came while the listener had no room, in its order. */
  #held: Held[] = [];
  #heldBytes = 0;
  #isPaused = false;
  /** What has no window to leave. */
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #queueAt = 0;
  #endsAfterQueue = false;
  #trailers: HeaderFields | undefined;
  #mustDrain = false;
  /** It is in the line of those that wait for room on the connection. */
  isInLine = false;

  /** Without a listener it holds what comes until there is one, and it resumes. */
  constructor(connection: H2Connection, listener?: StreamListener) {
    this.connection = connection;
    this.#listener = listener;
    this.#isPaused = listener === undefined;
  }

  listen(listener: StreamListener): void {
    this.#listener = listener;
  }

  get hasSentEnd(): boolean {
    return this.#hasSentEnd;
  }

  get hasHeardEnd(): boolean {
    return this.#hasHeardEnd;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Sends the first headers; `name` and `value` are one more field, that differs from call to call. */
  respond(fields: HeaderFields, endsStream: boolean): void {
    if (this.isClosed || this.#hasSentEnd) return;
    this.hasSentHeaders = true;
    this.connection.sendHeaders(this, fields, endsStream);
    if (endsStream) this.#sentEnd();
  }

  /** Sends bytes as soon as the peer has room for them; false: wait for `hasRoom`. They may be written to once this returns. */
  write(bytes: Uint8Array): boolean {
    if (this.isClosed || this.#hasSentEnd || this.#endsAfterQueue) return true;
    const sent = this.#queuedBytes === 0 && this.id !== 0 ? this.#send(bytes, 0) : 0;
    if (sent < bytes.length) {
      this.#queue.push(Buffer.from(bytes.subarray(sent)));
      this.#queuedBytes += bytes.length - sent;
      this.connection.wait(this);
    }
    // One whose bytes stay behind is slow: it would be told to wait later all the same.
    const hasRoom = this.#queuedBytes < highWaterBytes && !this.connection.isFull;
    if (!hasRoom) {
      this.#mustDrain = true;
      this.connection.wait(this);
    }
    return hasRoom;
  }

  /** Says that nothing more comes, but these trailers if there are any. */
  end(trailers?: HeaderFields): void {
    if (this.isClosed || this.#hasSentEnd || this.#endsAfterQueue) return;
    this.#endsAfterQueue = true;
    this.#trailers = trailers;
    if (this.#queuedBytes === 0 && this.id !== 0) this.#finish();
  }

  /** Breaks the stream off; both sides forget it. */
  reset(code: number): void {
    if (this.isClosed) return;
    this.connection.resetStream(this, code);
    this.close(code);
  }

  /** Takes what is held, and lets the peer send again. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    while (this.#held.length > 0 && !this.#isPaused && !this.isClosed) this.#deliver(this.#held.shift() as Held);
  }

  // From the connection.

  /** Sends what is queued while there is room; gives whether some is left. */
  pump(): boolean {
    if (this.isClosed) return false;
    while (this.#queuedBytes > 0) {
      const first = this.#queue[0] as Uint8Array;
      this.#queueAt += this.#send(first, this.#queueAt);
      if (this.#queueAt < first.length) return true;
      this.#queue.shift();
      this.#queuedBytes -= first.length;
      this.#queueAt = 0;
    }
    if (this.#endsAfterQueue && !this.#hasSentEnd) this.#finish();
    if (this.#mustDrain && !this.connection.isFull) {
      this.#mustDrain = false;
      if (!this.isClosed) this.#listener?.hasRoom();
      return false;
    }
    return this.#mustDrain;
  }

  heardHeaders(fields: HeaderFields, endsStream: boolean): void {
    this.hasHeardHeaders = true;
    if (this.#isPaused) this.#held.push({ fields });
    else this.#listener?.headers(fields);
    if (endsStream && !this.isClosed) this.heardEnd();
  }

  heardData(bytes: Buffer): void {
    if (!this.#isPaused) return this.#deliverData(bytes);
    // What is held has to be its own.
    this.#held.push({ bytes: this.connection.reusesBuffers ? holdBytes(bytes) : bytes });
    this.#heldBytes += bytes.length;
    this.connection.hold(bytes.length);
  }

  heardEnd(): void {
    this.#hasHeardEnd = true;
    if (this.#isPaused) this.#held.push({ end: true });
    else this.#deliverEnd();
  }

  /** Bytes that nobody hears, padding for one, count as consumed. */
  consume(count: number): void {
    if (this.#hasHeardEnd || this.isClosed) return;
    this.#consumed += count;
    if (this.#consumed < streamWindowBytes / 2) return;
    this.connection.giveWindow(this, this.#consumed);
    this.#consumed = 0;
  }

  /** It is over, with whatever is still held. */
  close(code: number): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.resetCode = code;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#held = [];
    this.connection.dropHeld(this.#heldBytes);
    this.#heldBytes = 0;
    this.connection.forget(this);
    this.#listener?.closed(code);
  }

  #deliver(what: Held): void {
    if ("bytes" in what) {
      this.#deliverData(what.bytes);
      if (this.connection.reusesBuffers) dropBytes(what.bytes);
    } else if ("fields" in what) this.#listener?.headers(what.fields);
    else this.#deliverEnd();
  }

  #deliverEnd(): void {
    this.#listener?.ended();
    this.#closeIfDone();
  }

  #deliverData(bytes: Buffer): void {
    if (this.#heldBytes > 0) {
      this.#heldBytes -= bytes.length;
      this.connection.dropHeld(bytes.length);
    }
    if (this.#listener?.data(bytes) === false) this.#isPaused = true;
    this.consume(bytes.length);
  }

  #send(bytes: Uint8Array, from: number): number {
    return this.connection.sendData(this, bytes, from);
  }

  #finish(): void {
    if (this.#trailers !== undefined) this.connection.sendHeaders(this, this.#trailers, true);
    else this.connection.sendEnd(this);
    this.#sentEnd();
  }

  #sentEnd(): void {
    this.#hasSentEnd = true;
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#hasSentEnd && this.#hasHeardEnd && this.#held.length === 0) this.close(ErrorCode.none);
  }
}
