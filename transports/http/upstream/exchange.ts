import type { Socket } from "node:net";
import { GateError, type HeldWrite, type JobControl, Metadata, type ReplySink, writeInBurst } from "unigate/transport";
import type { RequestBody } from "./request-body.ts";
import type { ResponseHead } from "./response-head.ts";
import { Tunnel } from "./tunnel.ts";
import type { UpstreamConnection } from "./upstream-connection.ts";
import { type UpstreamFailure, upstreamError } from "./upstream-error.ts";

/** What an exchange is made of. */
export interface ExchangeOptions {
  /** Id of the server, for errors. */
  upstream: string;
  sink: ReplySink;
  method: string;
  /** The whole body, or what streams. */
  payload: Uint8Array | undefined;
  body: RequestBody | undefined;
  wantsUpgrade: boolean;
  /** It does no harm to send it twice. */
  mayRepeat: boolean;
  /** Name that the server has to prove. */
  servername: string | undefined;
  observed: ((outcome: number | GateError) => void) | undefined;
  mayRunElsewhere: (() => boolean) | undefined;
}

/** Up to here a body goes out in one text with its head: bytes would go apart. */
const smallBytes = 4096;

/**
 * One request and its response: what a connection talks to and the job's control at once.
 *
 * It *waits* for a connection to open, has *started* with the first byte of its request, has a *head*, and is over with the sink's `end`
 * or `fail`. Before it has started a failure says so (`neverStarted`). After a 101 a tunnel takes its place.
 */
export class Exchange implements JobControl, HeldWrite {
  /** The head of the request, in latin1. */
  text = "";
  readonly #options: ExchangeOptions;
  #connection: UpstreamConnection | undefined;
  /** Waits to be written to. */
  #socket: Socket | undefined;
  #tunnel: Tunnel | undefined;
  #hasStarted = false;
  #isOver = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  get method(): string {
    return this.#options.method;
  }

  get servername(): string | undefined {
    return this.#options.servername;
  }

  get wantsUpgrade(): boolean {
    return this.#options.wantsUpgrade;
  }

  get mayRepeat(): boolean {
    return !this.#hasStarted || (this.#options.mayRepeat && this.#options.body === undefined);
  }

  /** Its caller has heard the end. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** A byte of the request may have been written. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** All of the request has been written. */
  get isSent(): boolean {
    const { body, wantsUpgrade } = this.#options;
    return body === undefined || body.isWhole || wantsUpgrade;
  }

  /** More of the request is to come, and the server has room for it. */
  get waitsForCaller(): boolean {
    return this.#options.body?.waitsForCaller === true && !this.#options.wantsUpgrade;
  }

  // From the connection.

  runsOn(connection: UpstreamConnection): void {
    this.#connection = connection;
    this.#socket = undefined;
  }

  /** Sends the request, with those of others that come up in this turn. */
  writeTo(socket: Socket): void {
    this.#socket = socket;
    writeInBurst(this);
  }

  writeNow(): void {
    const socket = this.#socket;
    if (this.#isOver || socket === undefined) return;
    this.#socket = undefined;
    this.#hasStarted = true;
    const { text } = this;
    const { payload, body, wantsUpgrade } = this.#options;
    if (payload !== undefined && payload.length <= smallBytes) {
      socket.write(text + Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("latin1"), "latin1");
      return;
    }
    socket.cork();
    socket.write(text, "latin1");
    if (payload !== undefined) socket.write(payload);
    // What follows an upgrade is no body: it waits for the tunnel.
    if (!wantsUpgrade) body?.flowTo(socket);
    socket.uncork();
  }

  drained(): void {
    if (!this.#isOver) this.#options.body?.drained();
  }

  head({ status, metadata }: ResponseHead): void {
    this.#options.observed?.(status);
    this.#options.sink.head?.(metadata);
  }

  /** False: hold the next piece until `resume`. */
  take(piece: Buffer): boolean {
    return this.#isOver || this.#options.sink.chunk(piece);
  }

  end(trailers: string[] | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connection = undefined;
    this.#options.sink.end(undefined, trailers === undefined ? undefined : Metadata.fromFlat(trailers));
  }

  /** The server has agreed: from now on the tunnel has the connection. */
  tunnelTo(socket: Socket, { status, metadata }: ResponseHead): Tunnel {
    const { observed, sink, body } = this.#options;
    this.#isOver = true;
    this.#tunnel = new Tunnel(socket, sink);
    observed?.(status);
    sink.head?.(metadata);
    for (const piece of body?.takeHeld() ?? []) this.#tunnel.input(piece);
    if (body?.hasEnded === true) this.#tunnel.endInput();
    return this.#tunnel;
  }

  /** There is no response, or not all of it. */
  failed(reason: UpstreamFailure, cause: Error): void {
    if (this.#isOver) return;
    const { upstream, observed, mayRunElsewhere } = this.#options;
    const error = upstreamError(upstream, reason, cause);
    // Those who hear of it may let another server in.
    observed?.(error);
    const mayGoOn = !this.#hasStarted && reason !== "request" && mayRunElsewhere?.() !== false;
    this.#fail(error, mayGoOn);
  }

  /** There is no room for it: no fault of the server's. */
  turnAway(error: GateError): void {
    this.#fail(error, this.#options.mayRunElsewhere?.() !== false);
  }

  // From the caller.

  cancel(reason = "the caller cancelled"): void {
    if (this.#tunnel !== undefined) return this.#tunnel.cancel(reason);
    if (this.#isOver) return;
    this.#connection?.abandon();
    this.#fail(new GateError("cancelled", reason), !this.#hasStarted);
  }

  resume(): void {
    if (this.#tunnel === undefined) this.#connection?.resume();
    else this.#tunnel.resume();
  }

  input(payload: Uint8Array): boolean {
    if (this.#tunnel !== undefined) return this.#tunnel.input(payload);
    return this.#isOver || (this.#options.body?.push(payload) ?? true);
  }

  endInput(): void {
    if (this.#tunnel !== undefined) this.#tunnel.endInput();
    else if (!this.#isOver) this.#options.body?.end();
  }

  #fail(error: GateError, neverStarted: boolean): void {
    this.#isOver = true;
    this.#connection = undefined;
    this.#options.sink.fail(error, neverStarted);
  }
}
