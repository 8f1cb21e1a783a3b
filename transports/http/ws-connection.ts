import type { WebSocket } from "ws";
import { type Connection, type ConnectionHandler, GateError } from "unigate/transport";

/** Bytes that may wait in a socket whose peer does not read; beyond it the connection is closed. */
const maxBufferedBytes = 256 * 1024 * 1024;

/** Frames of the gate protocol as binary WebSocket messages, at either end. */
export class WsConnection implements Connection {
  readonly carrier = "ws";
  readonly remote: string;
  readonly maxFrameBytes: number;
  readonly #socket: WebSocket;
  #handler: ConnectionHandler | undefined;
  #early: Uint8Array[] = [];

  constructor(socket: WebSocket, remote: string, maxFrameBytes: number) {
    this.#socket = socket;
    this.remote = remote;
    this.maxFrameBytes = maxFrameBytes;
    socket.binaryType = "nodebuffer";
    socket.on("message", (data: Buffer) => {
      if (this.#handler === undefined) this.#early.push(data);
      else this.#handler.frame(data);
    });
    socket.on("close", (code: number, reason: Buffer) =>
      this.#end(
        code === 1000
          ? undefined
          : new GateError("unavailable", `the connection was closed (${code}${reason.length > 0 ? ` ${reason.toString()}` : ""})`),
      ),
    );
    socket.on("error", (error) => this.#end(GateError.from(error, "unavailable")));
  }

  open(handler: ConnectionHandler): void {
    this.#handler = handler;
    for (const frame of this.#early.splice(0)) handler.frame(frame);
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > maxBufferedBytes) {
      this.#socket.terminate();
      this.#end(new GateError("resource_exhausted", "the peer does not read: its send buffer is full"));
      return;
    }
    this.#socket.send(frame);
  }

  close(): void {
    this.#socket.close(1000);
    this.#end();
  }

  #end(error?: GateError): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(error);
  }
}
