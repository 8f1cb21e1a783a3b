import type { Duplex } from "node:stream";
import type { Dispatcher } from "undici";
import { GateError, type JobControl, type ReplySink } from "unigate/transport";
import type { RequestBody } from "./request-body.ts";
import { toHead, toTrailers } from "./response-head.ts";
import { Tunnel } from "./tunnel.ts";
import { toFailure, upstreamError } from "./upstream-error.ts";

/** What an exchange is made of. */
export interface ExchangeOptions {
  /** Id of the server, for errors. */
  upstream: string;
  sink: ReplySink;
  /** For a job that streams its input. */
  body: RequestBody | undefined;
  observed: ((outcome: number | GateError) => void) | undefined;
  mayRunElsewhere: (() => boolean) | undefined;
}

/**
 * One request and its response: the HTTP client's handler and the job's control at once.
 *
 * It *waits* for a connection, is *sent*, has a *head*, and is over with the sink's `end` or `fail`. Up to *sent*, no byte has left, and
 * a failure says so (`neverStarted`). After a 101 a tunnel takes its place.
 */
export class Exchange implements Dispatcher.DispatchHandler, JobControl {
  readonly #options: ExchangeOptions;
  readonly #sink: ReplySink;
  #controller: Dispatcher.DispatchController | undefined;
  #tunnel: Tunnel | undefined;
  #isOver = false;
  #cancelled: string | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#sink = options.sink;
  }

  // From the HTTP client.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return controller.abort(new Error("cancelled"));
    this.#controller = controller;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // 100 and 103 are hints of this hop.
    if (status < 200 || this.#isOver) return;
    this.#options.observed?.(status);
    this.#sink.head?.(toHead(status, controller.rawHeaders));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver && !this.#sink.chunk(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.body?.readable.destroy();
    this.#sink.end(undefined, toTrailers(controller.rawTrailers));
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController, status: number, _headers: unknown, socket: Duplex): void {
    if (this.#isOver) return void socket.destroy();
    this.#isOver = true;
    this.#options.observed?.(status);
    this.#tunnel = new Tunnel(socket, this.#sink, this.#options.body?.readable);
    this.#sink.head?.(toHead(status, controller.rawHeaders));
    this.#tunnel.open();
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (this.#isOver) return;
    if (this.#cancelled !== undefined) return this.#fail(new GateError("cancelled", this.#cancelled), false);
    this.refuse(upstreamError(this.#options.upstream, toFailure(cause), cause));
  }

  /** Ends it with an error that is not the caller's doing. */
  refuse(error: GateError): void {
    const { observed, mayRunElsewhere } = this.#options;
    const mayGoOn = this.#controller === undefined && error.code !== "invalid_argument" && mayRunElsewhere?.() !== false;
    observed?.(error);
    this.#fail(error, mayGoOn);
  }

  // From the caller.

  cancel(reason = "the caller cancelled"): void {
    if (this.#tunnel !== undefined) return this.#tunnel.cancel(reason);
    if (this.#isOver) return;
    this.#cancelled = reason;
    if (this.#controller === undefined) this.#fail(new GateError("cancelled", reason), true);
    else this.#controller.abort(new Error(reason));
  }

  resume(): void {
    if (this.#tunnel === undefined) this.#controller?.resume();
    else this.#tunnel.resume();
  }

  input(payload: Uint8Array): boolean {
    if (this.#tunnel !== undefined) return this.#tunnel.input(payload);
    return this.#options.body?.push(payload) ?? true;
  }

  endInput(): void {
    if (this.#tunnel === undefined) this.#options.body?.end();
    else this.#tunnel.endInput();
  }

  #fail(error: GateError, neverStarted: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.body?.readable.destroy();
    this.#sink.fail(error, neverStarted);
  }
}
