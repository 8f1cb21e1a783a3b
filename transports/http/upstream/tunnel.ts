import type { Duplex, Readable } from "node:stream";
import { GateError, type JobControl, type ReplySink } from "unigate/transport";

/** A connection that has changed its protocol: bytes both ways, until either side ends. */
export class Tunnel implements JobControl {
  readonly #socket: Duplex;
  readonly #sink: ReplySink;
  #isOver = false;
  #cancelled: string | undefined;

  /** `early` is input that came before the server agreed. */
  constructor(socket: Duplex, sink: ReplySink, early: Readable | undefined) {
    this.#socket = socket;
    this.#sink = sink;
    for (let piece = early?.read() as Buffer | null; piece !== null && piece !== undefined; piece = early?.read() as Buffer | null) {
      socket.write(piece);
    }
  }

  /** Lets bytes flow; call it once the sink has its head. */
  open(): void {
    const socket = this.#socket;
    socket.on("data", (piece: Buffer) => {
      if (!this.#isOver && !this.#sink.chunk(piece)) socket.pause();
    });
    socket.on("drain", () => {
      if (!this.#isOver) this.#sink.drained?.();
    });
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("close", () => this.#close());
    socket.resume();
  }

  cancel(reason: string): void {
    this.#cancelled = reason;
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

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#cancelled === undefined) this.#sink.end();
    else this.#sink.fail(new GateError("cancelled", this.#cancelled));
  }
}
