import type { Socket } from "node:net";
import { GateError, type JobControl, type ReplySink } from "unigate/transport";

/** A connection that has changed its protocol: bytes both ways, until either side ends. */
export class Tunnel implements JobControl {
  readonly #socket: Socket;
  readonly #sink: ReplySink;
  #isOver = false;
  #cancelled: string | undefined;

  constructor(socket: Socket, sink: ReplySink) {
    this.#socket = socket;
    this.#sink = sink;
  }

  // From the connection.

  take(piece: Buffer): void {
    if (!this.#isOver && !this.#sink.chunk(piece)) this.#socket.pause();
  }

  drained(): void {
    if (!this.#isOver) this.#sink.drained?.();
  }

  closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#cancelled === undefined) this.#sink.end();
    else this.#sink.fail(new GateError("cancelled", this.#cancelled));
  }

  // From the caller.

  cancel(reason: string): void {
    this.#cancelled ??= reason;
    this.#socket.destroy();
  }

  resume(): void {
    this.#socket.resume();
  }

  input(payload: Uint8Array): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded || this.#socket.write(payload);
  }

  endInput(): void {
    this.#socket.end();
  }
}
