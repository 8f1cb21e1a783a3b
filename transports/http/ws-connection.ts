import type { WebSocket } from "ws";
import { type Connection, type ConnectionHandler, GateError } from "unigate/transport";
import { FrameInlet } from "./frame-inlet.ts";

/** Bytes that may wait in a socket whose peer does not read; beyond it the connection is closed. */
const maxBufferedBytes = 256 * 1024 * 1024;

/** Frames of the gate protocol as binary WebSocket messages, at either end. */
export class WsConnection implements Connection {
  readonly carrier = "ws";
  readonly remote: string;
  readonly maxFrameBytes: number;
  readonly #socket: WebSocket;
  readonly #inlet = new FrameInlet();

  constructor(socket: WebSocket, remote: string, maxFrameBytes: number) {
    this.#socket = socket;
    this.remote = remote;
    this.maxFrameBytes = maxFrameBytes;
    socket.binaryType = "nodebuffer";
    socket.on("message", (data: Buffer) => this.#inlet.take(data));
    socket.on("close", (code: number, reason: Buffer) => this.#inlet.closed(code, reason.toString()));
    socket.on("error", (error) => this.#inlet.end(GateError.from(error, "unavailable")));
  }

  open(handler: ConnectionHandler): void {
    this.#inlet.open(handler);
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > maxBufferedBytes) {
      this.#socket.terminate();
      this.#inlet.end(new GateError("resource_exhausted", "the peer does not read: its send buffer is full"));
      return;
    }
    this.#socket.send(frame);
  }

  close(): void {
    this.#socket.close(1000);
    this.#inlet.end();
  }
}
