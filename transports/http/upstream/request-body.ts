import type { Socket } from "node:net";
import type { ReplySink } from "unigate/transport";

/** Bytes of a request body that may wait for a connection. */
const heldBytes = 64 * 1024;

/** The body of a request, fed by the job's input as it goes: in chunks, or as many bytes as were announced. */
export class RequestBody {
  /** All of it has been written. */
  isWhole = false;
  readonly #sink: ReplySink;
  readonly #length: number | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #written = 0;
  #socket: Socket | undefined;
  #hasEnded = false;
  /** The caller waits for `drained`. */
  #isFull = false;

  /** `length` is undefined for chunks. */
  constructor(sink: ReplySink, length: number | undefined) {
    this.#sink = sink;
    this.#length = length;
  }

  /** No more is to come. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** More is to come, and the server has room for it. */
  get waitsForCaller(): boolean {
    return !this.#hasEnded && this.#socket?.writableNeedDrain === false;
  }

  /** The head has been written: what waits, and all that is to come, goes to `socket`. */
  flowTo(socket: Socket): void {
    this.#socket = socket;
    for (const piece of this.takeHeld()) this.#write(piece);
    if (this.#hasEnded) this.#finish();
    if (!socket.writableNeedDrain) this.drained();
  }

  /** What has come and not been written. */
  takeHeld(): Uint8Array[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return held;
  }

  /** False: hold the next piece until the sink's `drained`. */
  push(piece: Uint8Array): boolean {
    if (this.#socket === undefined) {
      this.#held.push(piece);
      this.#heldBytes += piece.length;
      this.#isFull = this.#heldBytes >= heldBytes;
    } else this.#isFull = !this.#write(piece);
    return !this.#isFull;
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#socket !== undefined) this.#finish();
  }

  /** The socket has room again. */
  drained(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#sink.drained?.();
  }

  #write(piece: Uint8Array): boolean {
    const socket = this.#socket as Socket;
    // A chunk of no bytes would end the body.
    if (piece.length === 0 || socket.destroyed) return true;
    this.#written += piece.length;
    if (this.#length !== undefined) {
      if (this.#written <= this.#length) return socket.write(piece);
      socket.destroy(new WrongLength("the body is longer than its content-length"));
      return true;
    }
    socket.cork();
    socket.write(`${piece.length.toString(16)}\r\n`, "latin1");
    socket.write(piece);
    const hasRoom = socket.write("\r\n", "latin1");
    socket.uncork();
    return hasRoom;
  }

  #finish(): void {
    const socket = this.#socket as Socket;
    if (socket.destroyed) return;
    if (this.#length === undefined) socket.write("0\r\n\r\n", "latin1");
    else if (this.#written < this.#length) return void socket.destroy(new WrongLength("the body is shorter than its content-length"));
    this.isWhole = true;
  }
}

/** The caller has sent another number of bytes than it announced. */
export class WrongLength extends Error {}
