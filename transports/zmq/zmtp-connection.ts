import type { Socket } from "node:net";
import { type Connection, type ConnectionHandler, GateError } from "unigate/transport";
import { greeting, message, messageHeader, pong, ready, refusal, type ZmtpHandler, ZmtpReader } from "./zmtp.ts";

/** Up to here a message and its header leave in one buffer; larger ones are not copied. */
const copyBytes = 16 * 1024;
/** Bytes that may wait for a peer that does not read, beside one message of the largest size. */
const maxWaitingBytes = 64 * 1024 * 1024;
/** How long a closed connection may take to send what waits, in ms. */
const lingerMs = 1000;

/** Which end we are, and what is allowed. */
export interface ZmtpOptions {
  socketType: "ROUTER" | "DEALER";
  /** Socket types of peers that we talk to. */
  peers: readonly string[];
  maxMessageBytes: number;
  /** Both greetings are done: the connection may be opened. */
  onReady: () => void;
  /** It ended before that. */
  onRefused: (error: GateError) => void;
}

/** One peer over one stream socket, tcp or ipc. */
export class ZmtpConnection implements Connection, ZmtpHandler {
  readonly carrier = "zmq";
  readonly remote: string;
  readonly maxFrameBytes: number;
  readonly #socket: Socket;
  readonly #options: ZmtpOptions;
  readonly #reader: ZmtpReader;
  #handler: ConnectionHandler | undefined;
  #isReady = false;
  #isClosed = false;
  #error: GateError | undefined;

  constructor(socket: Socket, remote: string, options: ZmtpOptions) {
    this.remote = remote;
    this.maxFrameBytes = options.maxMessageBytes;
    this.#socket = socket;
    this.#options = options;
    this.#reader = new ZmtpReader(options.maxMessageBytes, this);
    // Frames are batches already: what is written leaves now.
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on("data", (piece: Uint8Array) => this.#read(piece));
    socket.on("error", (error) => {
      this.#error ??= GateError.from(error, "unavailable");
    });
    socket.on("close", () => this.#ended());
    // A peer that speaks our mechanism takes READY without an answer to the greeting: one round trip less.
    socket.write(Buffer.concat([greeting(), ready(options.socketType)]));
  }

  open(handler: ConnectionHandler): void {
    this.#handler = handler;
    if (this.#socket.closed) this.#ended();
  }

  send(frame: Uint8Array): void {
    const socket = this.#socket;
    if (this.#isClosed || socket.destroyed) return;
    if (frame.length <= copyBytes) socket.write(message(frame));
    else {
      socket.cork();
      socket.write(messageHeader(frame.length));
      socket.write(frame);
      socket.uncork();
    }
    if (socket.writableLength > maxWaitingBytes + this.maxFrameBytes) this.end(peerDoesNotRead);
  }

  close(): void {
    this.end();
  }

  /** Closes after what was sent has left, or after `lingerMs`. */
  end(error?: GateError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error ??= error;
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), lingerMs);
    this.#socket.once("close", () => clearTimeout(timer));
    this.#tell();
  }

  // From the reader.

  ready(socketType: string): void {
    const { peers, onReady } = this.#options;
    if (!peers.includes(socketType)) {
      const reason = `a ${socketType} socket cannot talk to this port; connect a ${peers[0]}`;
      this.#socket.write(refusal(reason));
      throw new GateError("invalid_argument", reason);
    }
    this.#isReady = true;
    onReady();
  }

  message(body: Uint8Array): void {
    if (!this.#isClosed) this.#handler?.frame(body);
  }

  ping(body: Uint8Array): void {
    this.#socket.write(pong(body));
  }

  #read(piece: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      this.#reader.read(piece);
    } catch (error) {
      this.end(GateError.from(error, "invalid_argument"));
    }
  }

  #ended(): void {
    this.#isClosed = true;
    this.#tell();
  }

  #tell(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(this.#error);
    if (!this.#isReady) {
      this.#isReady = true;
      this.#options.onRefused(this.#error ?? new GateError("unavailable", "the connection was closed"));
    }
  }
}

const peerDoesNotRead = new GateError("resource_exhausted", "the peer does not read: what waits for it has reached its bound");
