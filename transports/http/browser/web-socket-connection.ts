import { type Connection, type ConnectionHandler, GateError } from "unigate/client/portable";
import { FrameInlet } from "../frame-inlet.ts";

/** A browser's own limit is lower, and its memory lower still. */
const maxFrameBytes = 256 * 1024 * 1024;
/** Bytes that may wait in a socket whose peer does not read; beyond it the connection is closed. */
const maxBufferedBytes = 64 * 1024 * 1024;

/** Opens a link through the platform's `WebSocket`; rejects with `unavailable`. Pages are not told why a connection failed. */
export function openWebSocket(url: URL, signal: AbortSignal): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const fail = (reason: string): void => {
    socket.close();
    reject(new GateError("unavailable", `cannot reach a gate at ${url.href}: ${reason}`));
  };
  const settled = new AbortController();
  signal.addEventListener("abort", () => fail("no answer in time"), { signal: settled.signal });
  socket.addEventListener("error", () => fail("the connection failed, or the gate refused this page (its cors option names pages)"));
  socket.addEventListener("open", () => {
    settled.abort();
    resolve(new WebSocketConnection(socket, url.href));
  });
  return promise;
}

/** Frames of the gate protocol as binary messages of a standard `WebSocket`. */
class WebSocketConnection implements Connection {
  readonly carrier = "ws";
  readonly remote: string;
  readonly maxFrameBytes: number = maxFrameBytes;
  readonly #socket: WebSocket;
  readonly #inlet = new FrameInlet();

  constructor(socket: WebSocket, remote: string) {
    this.#socket = socket;
    this.remote = remote;
    socket.addEventListener("message", ({ data }: MessageEvent) => {
      if (!(data instanceof ArrayBuffer)) return socket.close();
      this.#inlet.take(new Uint8Array(data));
    });
    socket.addEventListener("close", ({ code, reason }) => this.#inlet.closed(code, reason));
  }

  open(handler: ConnectionHandler): void {
    this.#inlet.open(handler);
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > maxBufferedBytes) {
      this.#socket.close();
      this.#inlet.end(new GateError("resource_exhausted", "the gate does not read: the send buffer is full"));
      return;
    }
    this.#socket.send(frame);
  }

  close(): void {
    this.#socket.close(1000);
    this.#inlet.end();
  }
}
