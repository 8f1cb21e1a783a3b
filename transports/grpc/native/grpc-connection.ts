import type { Duplex } from "node:stream";
import { type Connection, type ConnectionHandler, GateError } from "unigate/transport";
import { readMessages } from "../messages/read-messages.ts";
import { fromFrameMessage, toFrameMessage } from "./link-frame.ts";

/** Bytes that may wait in a stream whose peer does not read; beyond it the connection is closed. */
const maxBufferedBytes = 256 * 1024 * 1024;

/** One end of a `gate.v1.Gate/Connect` stream. */
export interface LinkStream {
  stream: Duplex;
  /** Who is at the other end, for people. */
  remote: string;
  maxFrameBytes: number;
  /** Ends our half in order, or with an error that the peer may read. */
  finish(error?: GateError): void;
  /** What the peer said of its end, once it has ended. */
  outcome(): GateError | undefined;
}

/** Frames of the gate protocol as messages of a gRPC stream, at either end. */
export class GrpcConnection implements Connection {
  readonly carrier = "grpc";
  readonly remote: string;
  readonly maxFrameBytes: number;
  readonly #link: LinkStream;
  #handler: ConnectionHandler | undefined;
  #isClosed = false;

  constructor(link: LinkStream) {
    this.#link = link;
    this.remote = link.remote;
    this.maxFrameBytes = link.maxFrameBytes;
    // Without a listener an error would end the process; `close` follows it.
    link.stream.on("error", () => {});
    link.stream.on("close", () => this.#end(link.outcome() ?? new GateError("unavailable", "the connection was cut")));
  }

  open(handler: ConnectionHandler): void {
    this.#handler = handler;
    const { stream } = this.#link;
    if (this.#isClosed) return queueMicrotask(() => handler.closed(new GateError("unavailable", "the connection was cut")));
    readMessages(
      stream,
      { encoding: "identity", maxBytes: this.maxFrameBytes },
      {
        message: (message) => {
          this.#handler?.frame(fromFrameMessage(message));
          return true;
        },
        end: () => this.#finish(this.#link.outcome()),
        fail: (error) => this.#finish(error),
      },
    );
  }

  send(frame: Uint8Array): void {
    const { stream } = this.#link;
    if (this.#isClosed || !stream.writable) return;
    if (stream.writableLength > maxBufferedBytes) {
      this.#end(new GateError("resource_exhausted", "the peer does not read: its send buffer is full"));
      stream.destroy();
      return;
    }
    stream.write(toFrameMessage(frame));
  }

  close(): void {
    this.#finish();
  }

  #finish(error?: GateError): void {
    if (this.#isClosed) return;
    this.#link.finish(error);
    this.#end(error);
  }

  #end(error?: GateError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(error);
  }
}
