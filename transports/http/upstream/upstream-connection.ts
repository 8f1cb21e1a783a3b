import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";
import { WrongLength } from "./request-body.ts";
import { ResponseParser } from "./response-parser.ts";
import { openSocket, type ServerAddress } from "./server-socket.ts";
import type { Tunnel } from "./tunnel.ts";
import type { UpstreamFailure } from "./upstream-error.ts";

/** How long a connection waits for what, in ms; `Infinity` for ever. */
export interface ConnectionLimits {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
}

/** What a connection tells its pool. */
export interface ConnectionOwner {
  /** Its exchange is over, and it can take another. */
  onFree(connection: UpstreamConnection): void;
  /** It can take no more. */
  onGone(connection: UpstreamConnection): void;
  /** It was closed by the server before it said a word on `exchange`, which may be repeated. */
  onStale(exchange: Exchange): void;
}

/** How long a connection is kept when the server does not say; many servers close theirs after 5 s. */
const idleMs = 4000;
/** How much sooner than the server says a connection is given up: a request must not meet its close. */
const idleMarginMs = 1000;
const longestIdleMs = 600_000;

/**
 * A connection to a server, for one exchange after the other.
 *
 * It *opens*, with its first exchange; is *busy* with an exchange, then *idle* until the next; is *gone* once it cannot take another.
 * A connection that has changed its protocol is a tunnel until it is gone.
 */
export class UpstreamConnection {
  /** Name that the server had to prove; undefined without TLS or name. */
  readonly servername: string | undefined;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #limits: ConnectionLimits;
  readonly #parser = new ResponseParser();
  #exchange: Exchange | undefined;
  #tunnel: Tunnel | undefined;
  #isOpen = false;
  #isGone = false;
  #isReused = false;
  #isPaused = false;
  #hasHeard = false;
  #hasHead = false;
  #error: Error | undefined;
  #idleMs = idleMs;
  /** Since something moved, in ms, to the length of a tick. */
  #stillMs = 0;

  constructor(server: ServerAddress, servername: string | undefined, limits: ConnectionLimits, owner: ConnectionOwner) {
    this.servername = servername;
    this.#limits = limits;
    this.#owner = owner;
    this.#socket = openSocket(server, servername, (size, buffer) => this.#onRead(buffer.subarray(0, size) as Buffer));
    this.#socket.on(server.isSecure ? "secureConnect" : "connect", () => this.#onOpen());
    this.#socket.on("drain", () => this.#onDrain());
    this.#socket.on("error", (error) => (this.#error = error));
    this.#socket.on("end", () => this.#onEnd());
    this.#socket.on("close", () => this.#onClose());
  }

  /** False: it has been closed, and we are about to hear of it. */
  get isUsable(): boolean {
    return !this.#isGone && this.#socket.writable && !this.#socket.readableEnded;
  }

  /** Takes an exchange; only while it is new or idle. */
  run(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#parser.begin(exchange.method);
    this.#hasHeard = false;
    this.#hasHead = false;
    this.#stillMs = 0;
    exchange.runsOn(this);
    if (this.#isOpen) exchange.writeTo(this.#socket);
  }

  /** The exchange is given up: nothing more is said to it. */
  abandon(): void {
    this.#exchange = undefined;
    this.#leave();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stillMs = 0;
    this.#socket.resume();
  }

  /** Ends it now; its exchange fails. */
  destroy(why: Error): void {
    this.#fail("closed", why);
  }

  /** `ms` have passed. */
  tick(ms: number): void {
    this.#stillMs += ms;
    const { connectMs, headersMs, bodyMs } = this.#limits;
    if (this.#tunnel !== undefined) return;
    if (!this.#isOpen) return this.#expire(connectMs, "refused", "no connection");
    if (this.#exchange === undefined) return void (this.#stillMs >= this.#idleMs && this.#leave());
    // It is not the server that is slow.
    if (this.#isPaused || this.#exchange.waitsForCaller) this.#stillMs = 0;
    if (this.#hasHead) this.#expire(bodyMs, "timeout", "nothing more of the body");
    else this.#expire(headersMs, "timeout", "no head of a response");
  }

  #expire(limitMs: number, reason: UpstreamFailure, what: string): void {
    if (this.#stillMs > limitMs) this.#fail(reason, new Error(`${what} within ${limitMs} ms`));
  }

  // From the socket.

  #onOpen(): void {
    this.#isOpen = true;
    this.#stillMs = 0;
    this.#exchange?.writeTo(this.#socket);
  }

  #onDrain(): void {
    this.#stillMs = 0;
    if (this.#tunnel === undefined) this.#exchange?.drained();
    else this.#tunnel.drained();
  }

  #onRead(bytes: Buffer): boolean {
    if (this.#tunnel !== undefined) this.#tunnel.take(Buffer.from(bytes));
    else if (this.#exchange?.hasStarted === true) this.#onResponse(bytes, this.#exchange);
    else this.#fail("closed", new Error("the server spoke before it was asked"));
    return true;
  }

  #onResponse(bytes: Buffer, exchange: Exchange): void {
    const parser = this.#parser;
    parser.take(bytes);
    const { head, body } = parser;
    this.#hasHeard = true;
    // A head is not waited for any longer because it dribbles in.
    if (head !== undefined) this.#stillMs = 0;
    if (head?.status === 101) return this.#onUpgrade(exchange, bytes);
    if (head !== undefined && !this.#hasHead) {
      this.#hasHead = true;
      exchange.head(head);
    }
    const hasRoom = body === undefined || exchange.take(body);
    if (parser.isDone) this.#finish(parser.taken < bytes.length);
    else if (parser.fault !== undefined) this.#fail("garbage", new Error(parser.fault));
    else if (!hasRoom) this.#pause();
  }

  #onUpgrade(exchange: Exchange, bytes: Buffer): void {
    const { head, taken } = this.#parser;
    if (head === undefined || !exchange.wantsUpgrade)
      return this.#fail("garbage", new Error("a change of protocol that was not asked for"));
    const first = Buffer.from(bytes.subarray(taken));
    this.#exchange = undefined;
    this.#tunnel = exchange.tunnelTo(this.#socket, head);
    if (first.length > 0) this.#tunnel.take(first);
  }

  #onEnd(): void {
    if (this.#tunnel !== undefined) return;
    if (this.#exchange !== undefined && this.#parser.finish()) this.#finish(true);
    else this.#fail("closed", new Error("the server closed the connection"));
  }

  #onClose(): void {
    const tunnel = this.#tunnel;
    // First gone: the next job may come with the end of this one.
    this.#fail(this.#error instanceof WrongLength ? "request" : "closed", this.#error ?? new Error("the connection was closed"));
    tunnel?.closed();
  }

  // What becomes of the exchange.

  #pause(): void {
    // The exchange may have been given up meanwhile.
    if (this.#isGone) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** The response is whole. `hasMore`: what comes after it is not an answer to anything. */
  #finish(hasMore: boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    const { head, trailers } = this.#parser;
    // First free: the next job may come with the end of this one.
    if (hasMore || head?.keepsAlive !== true || !exchange.isSent || !this.#keep(head.keepAliveMs)) this.#leave();
    else this.#owner.onFree(this);
    exchange.end(trailers);
  }

  /** False when the server will close too soon. */
  #keep(saidMs: number | undefined): boolean {
    this.#isReused = true;
    this.#stillMs = 0;
    // With TLS a read that had begun may have brought the end after all.
    if (this.#isPaused) this.resume();
    this.#idleMs = saidMs === undefined ? idleMs : Math.min(saidMs - idleMarginMs, longestIdleMs);
    return this.#idleMs > 0;
  }

  #fail(reason: UpstreamFailure, cause: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#leave();
    if (exchange === undefined) return;
    const isStale = reason === "closed" && this.#isReused && !this.#hasHeard;
    if (isStale && exchange.mayRepeat) this.#owner.onStale(exchange);
    else exchange.failed(this.#isOpen ? reason : "refused", cause);
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#socket.destroy();
    this.#owner.onGone(this);
  }
}
