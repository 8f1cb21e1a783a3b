import type { ServerResponse } from "node:http";
import { type Clock, type GateError, type JobControl, jsonType, Metadata, type ReplySink, type Timer } from "unigate/transport";
import { httpStatus } from "./http-status.ts";
import { toProblem } from "./problem.ts";
import { hopByHop } from "./request-job.ts";

const keepAliveMs = 15_000;
const newline = Buffer.from("\n");

/** How the chunks of a stream lie on the wire: lines of JSON, server-sent events, or just the bytes. */
type Framing = "lines" | "events" | "raw";

/** What a response knows of its request. */
export interface HttpReplyOptions {
  response: ServerResponse;
  requestId: string;
  /** Media type that the worker answers in, unless its head names another. */
  accept: string;
  wantsEvents: boolean;
  clock: Clock;
}

/**
 * The reply of a job as an HTTP response.
 *
 * A value is one body, a stream is NDJSON, or server-sent events when asked for, or plain bytes when its head names a type other than
 * JSON. An error after the first chunk is a last line `{"error":…}` or an event `error`; a stream of plain bytes is cut instead, so that
 * nobody takes half of it for the whole. A caller that reads slowly holds up the worker; one that leaves cancels the job.
 */
export class HttpReply implements ReplySink {
  readonly #options: HttpReplyOptions;
  readonly #response: ServerResponse;
  #control: JobControl | undefined;
  #head: Metadata = Metadata.empty;
  #framing: Framing | undefined;
  #keepAlive: Timer | undefined;
  #isOver = false;

  constructor(options: HttpReplyOptions) {
    this.#options = options;
    this.#response = options.response;
    this.#response.on("close", () => {
      this.#keepAlive?.clear();
      if (this.#isOver) return;
      this.#isOver = true;
      this.#control?.cancel("the HTTP client left");
    });
  }

  /** Who runs the job; called once it has been dispatched. */
  controlledBy(control: JobControl): void {
    this.#control = control;
    if (this.#isOver && !this.#response.writableEnded) control.cancel("the HTTP client left");
  }

  head(metadata: Metadata): void {
    this.#head = metadata;
  }

  chunk(payload: Uint8Array): boolean {
    if (this.#isOver) return true;
    const framing = this.#framing ?? this.#startStream();
    return this.#write(framing, payload);
  }

  end(payload?: Uint8Array): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#framing !== undefined) {
      this.#keepAlive?.clear();
      this.#response.end(this.#framing === "events" ? "event: end\ndata:\n\n" : undefined);
      return;
    }
    const type = this.#head.get("content-type") ?? this.#options.accept;
    const status = this.#statusOf(payload === undefined ? 204 : 200);
    const headers = this.#headers(payload === undefined ? undefined : type);
    if (payload !== undefined) headers.push("content-length", String(payload.length));
    this.#response.writeHead(status, headers);
    this.#response.end(payload);
  }

  fail(error: GateError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#framing !== undefined) return this.#failStream(this.#framing, error);
    const { status, headers, body } = toProblem(error, this.#options.requestId);
    const worker = this.#control?.worker;
    this.#response.writeHead(status, worker === undefined ? headers : { ...headers, "x-worker-id": worker });
    this.#response.end(body);
  }

  #startStream(): Framing {
    const named = this.#head.get("content-type");
    const isJson = (named ?? this.#options.accept) === jsonType;
    const framing: Framing = !isJson ? "raw" : this.#options.wantsEvents ? "events" : "lines";
    this.#framing = framing;
    const type =
      framing === "events" ? "text/event-stream" : framing === "lines" ? "application/x-ndjson" : (named ?? this.#options.accept);
    const headers = this.#headers(type);
    headers.push("cache-control", "no-cache", "x-accel-buffering", "no");
    this.#response.writeHead(this.#statusOf(200), headers);
    this.#response.on("drain", () => this.#control?.resume());
    if (framing === "events") this.#keepAlive = this.#options.clock.every(keepAliveMs, () => this.#response.write(": keep-alive\n\n"));
    return framing;
  }

  #write(framing: Framing, payload: Uint8Array): boolean {
    if (framing === "raw") return this.#response.write(payload);
    if (framing === "lines") return this.#response.write(Buffer.concat([payload, newline]));
    return this.#response.write(`data: ${Buffer.from(payload).toString()}\n\n`);
  }

  #failStream(framing: Framing, error: GateError): void {
    this.#keepAlive?.clear();
    const wire = { code: error.code, status: httpStatus(error.code), message: error.message };
    if (framing === "lines") this.#response.end(`${JSON.stringify({ error: wire })}\n`);
    else if (framing === "events") this.#response.end(`event: error\ndata: ${JSON.stringify(wire)}\n\n`);
    else this.#response.destroy();
  }

  #statusOf(fallback: number): number {
    const status = Number(this.#head.get(":status"));
    return Number.isInteger(status) && status >= 200 && status <= 599 ? status : fallback;
  }

  /** Name, value, name, value, …: repeated names stay repeated. */
  #headers(type: string | undefined): string[] {
    const headers = ["x-request-id", this.#options.requestId];
    const worker = this.#control?.worker;
    if (worker !== undefined) headers.push("x-worker-id", worker);
    if (type !== undefined) headers.push("content-type", type);
    for (const [key, value] of this.#head) {
      const isOurs = key.startsWith(":") || key === "content-type" || key === "content-length" || hopByHop.has(key);
      if (!isOurs && typeof value === "string" && isHeader(key, value)) headers.push(key, value);
    }
    return headers;
  }
}

/** Keeps a worker's header from breaking the response: what HTTP forbids is left out. */
function isHeader(key: string, value: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(key) && !/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value);
}
