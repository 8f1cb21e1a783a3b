import type { Socket } from "node:net";
import { keepAliveMs } from "../keep-alive.ts";
import { type IncomingHead, parseRequestHead } from "./request-head.ts";
import { type ResponseCarrier, SocketResponse } from "./socket-response.ts";

/** What a connection needs of its port. */
export interface ConnectionOwner {
  /** Larger bodies are Node's. */
  readonly mostBodyBytes: number;
  /** Answers a request whose body is whole; false for one that is left to Node. Never throws. */
  take(request: IncomingHead, body: Buffer, response: SocketResponse): boolean;
  /** Node has the connection from here on. */
  onLeft(connection: IngressConnection): void;
  onGone(connection: IngressConnection): void;
  /** The client has ended it in the middle of a request. */
  onBrokenOff(socket: Socket): void;
  isDraining(): boolean;
  /** The time of day, in ms. */
  now(): number;
}

/** Larger heads are Node's. */
const mostHeadBytes = 8 * 1024;
/** What may have come before its turn. */
const mostEarlyBytes = 64 * 1024;
const emptyLine = "\r\n\r\n";
const requestLine = /^[A-Z-]+ \S+ HTTP\/1\.[01]\r\n/;
const noBody = Buffer.alloc(0);

/**
 * A connection of an HTTP port until Node gets it.
 *
 * It *waits* for a request to be whole, *answers* it, waits again: one request at a time, what comes too early is held back. At the first
 * one that is not plainly good, is large, or is somebody else's, all that is unread goes to Node's own server, and so does a connection
 * that is slow to send: there is one judge of what is malformed and of what is late.
 */
export class IngressConnection implements ResponseCarrier {
  readonly socket: Socket;
  readonly #owner: ConnectionOwner;
  /** Unread. */
  #held: Buffer | undefined;
  /** The last one: clients say the same again and again. */
  #headText = "";
  #head: IncomingHead | undefined;
  #response: SocketResponse | undefined;
  #hasAsked = false;
  #hasEnded = false;
  #isPaused = false;
  /** Times that it was found waiting for the rest of a request; a client that has never asked waits for one too. */
  #late = 0;
  /** Since its last request, in ms, to the length of a look. */
  #idleMs = 0;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.socket = socket;
    this.#owner = owner;
    socket.on("data", this.#onData).on("end", this.#onEnd).on("drain", this.#onDrain).on("error", this.#onError).on("close", this.#onClose);
  }

  /** It waits for its next request, and nothing of that has come. */
  get isIdle(): boolean {
    return this.#response === undefined && this.#held === undefined && this.#hasAsked;
  }

  /** Resolves once what has been said is on its way; undefined when it is already. */
  sent(): Promise<void> | undefined {
    const { socket } = this;
    if (socket.destroyed) return undefined;
    if (this.#response?.writableEnded === true) return new Promise((resolve) => setImmediate(resolve));
    if (this.#response !== undefined || socket.writableLength === 0) return undefined;
    return new Promise((resolve) => {
      if (socket.writableEnded) socket.once("close", () => resolve());
      else socket.write("", () => resolve());
    });
  }

  /** `ms` have passed since the last look. */
  look(ms: number): void {
    if (this.#response !== undefined) return;
    if (!this.isIdle) return void (++this.#late > 1 && this.leave());
    this.#idleMs += ms;
    this.#head = undefined;
    this.#headText = "";
    if (this.#idleMs > keepAliveMs) this.socket.destroy();
  }

  /** Leaves the connection to Node, with all that is unread; not while a request is being answered. */
  leave(): void {
    const { socket } = this;
    if (socket.destroyed || this.#hasEnded) return;
    socket
      .off("data", this.#onData)
      .off("end", this.#onEnd)
      .off("drain", this.#onDrain)
      .off("error", this.#onError)
      .off("close", this.#onClose);
    // What is put back would be lost while the stream flows to nobody.
    socket.pause();
    if (this.#held !== undefined) socket.unshift(this.#held);
    this.#owner.onLeft(this);
    socket.resume();
  }

  // From the response.

  now(): number {
    return this.#owner.now();
  }

  answered({ shouldKeepAlive }: SocketResponse): void {
    this.#response = undefined;
    this.#idleMs = 0;
    if (shouldKeepAlive && !this.#owner.isDraining()) this.#goOn();
    else this.socket.destroySoon();
  }

  // From the socket.

  readonly #onData = (piece: Buffer): void => {
    const held = this.#held === undefined ? piece : Buffer.concat([this.#held, piece]);
    this.#held = held;
    if (this.#response === undefined) this.#goOn();
    else this.#hold(held, this.#response);
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (this.#response === undefined) this.#goOn();
    // A client that leaves does not wait; what it has been told already is on its way.
    else if (!this.#response.writableEnded) this.socket.end();
  };

  readonly #onDrain = (): void => {
    if (this.#response === undefined) this.#goOn();
    else this.#response.drained();
  };

  // The close of the socket follows.
  readonly #onError = (): void => {};

  readonly #onClose = (): void => {
    this.#owner.onGone(this);
    this.#response?.closed();
  };

  /** After the last of its requests a client that has ended is let go. A client that does not read its responses gets no more of them. */
  #goOn(): void {
    if (this.socket.writableNeedDrain) return;
    if (this.#held !== undefined) this.#next(this.#held);
    if (!this.#hasEnded || this.#response !== undefined) return;
    if (this.#held === undefined) this.socket.destroySoon();
    else this.#owner.onBrokenOff(this.socket);
  }

  /** Bytes that have come before their turn. */
  #hold(held: Buffer, { headersSent }: SocketResponse): void {
    const end = held.indexOf(emptyLine);
    // Nothing that could be asked: its refusal would pass for a part of the response that has begun.
    if (headersSent && end >= 0 && !requestLine.test(held.toString("latin1", 0, end + 2))) return void this.socket.destroy();
    if (held.length <= mostEarlyBytes) return;
    this.#isPaused = true;
    this.socket.pause();
  }

  /** Takes the next request if it is there. */
  #next(held: Buffer): void {
    if (this.#isPaused) {
      this.#isPaused = false;
      this.socket.resume();
    }
    const head = this.#readHead(held);
    if (head === undefined) return;
    const headBytes = this.#headText.length;
    const bytes = headBytes + head.length;
    if (held.length < bytes) return;
    const body = head.length === 0 ? noBody : held.subarray(headBytes, bytes);
    if (this.#take(head, body)) this.#held = held.length === bytes ? undefined : held.subarray(bytes);
    else this.leave();
  }

  /** The head of the next request; undefined when it has not come whole, or is left to Node. */
  #readHead(held: Buffer): IncomingHead | undefined {
    if (this.#head !== undefined && held.toString("latin1", 0, this.#headText.length) === this.#headText) {
      this.#head.repeats = true;
      return this.#head;
    }
    const text = held.toString("latin1", 0, mostHeadBytes);
    const end = text.indexOf(emptyLine);
    if (end >= 0) {
      this.#headText = text.slice(0, end + emptyLine.length);
      this.#head = parseRequestHead(this.#headText, this.socket);
      if (this.#head !== undefined && this.#head.length <= this.#owner.mostBodyBytes) return this.#head;
    } else if (text.length < mostHeadBytes && mayBecomeHead(text)) return undefined;
    this.leave();
    return undefined;
  }

  #take(head: IncomingHead, body: Buffer): boolean {
    const response = new SocketResponse(this, head.method === "HEAD", head.keepsAlive && !this.#owner.isDraining());
    this.#response = response;
    this.#hasAsked = true;
    this.#late = 0;
    if (this.#owner.take(head, body, response)) return true;
    this.#response = undefined;
    return false;
  }
}

/** Tells whether more could make a request of it: what cannot be is not waited with. */
function mayBecomeHead(text: string): boolean {
  return /^[A-Z]/.test(text) && !/[^\r]\n/.test(text);
}
