import type { ServerResponse } from "node:http";
import { type Clock, type GateError, type JobControl, jsonType, Metadata, type ReplySink, type Timer } from "unigate/transport";
import { hopByHop } from "./hop-by-hop.ts";
import { httpStatus } from "./http-status.ts";
import { toProblem, toProblemText } from "./problem.ts";
import { mediaType } from "./request-job.ts";

const keepAliveMs = 15_000;
/** Up to here a body is sent in one write with its headers. */
const smallBytes = 4096;
const newline = Buffer.from("\n");
const dataField = Buffer.from("data: ");
/** Statuses whose responses have no body. Source: RFC 9110 sections 15.3.5, 15.3.6, 15.4.5. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);
/** Headers of a reply that are the gate's to write. */
const ours: ReadonlySet<string> = new Set(["content-type", "content-length", "x-request-id", "x-worker-id"]);

/** How the chunks of a stream lie on the wire: lines of JSON, server-sent events, or just the bytes. */
type Framing = "lines" | "events" | "raw";

/** What a reply is written to: node's response, or one that behaves like it. */
export type ReplyTarget = Pick<ServerResponse, "getHeader" | "shouldKeepAlive" | "writableNeedDrain"> & {
  writeHead(status: number, headers: string[] | Record<string, string>): unknown;
  write(bytes: Uint8Array | string): boolean;
  end(bytes?: Uint8Array | string): unknown;
  end(text: string, encoding: "latin1"): unknown;
  /** Cuts a response that has begun. */
  destroy(): unknown;
  /** `close`: nothing can be written any more; `drain`: there is room again after a `write` that returned false. */
  on(event: "close" | "drain", listener: () => void): unknown;
};

/** What a response knows of its request. */
export interface HttpReplyOptions {
  response: ReplyTarget;
  requestId: string;
  isHead: boolean;
  /** Media type that the worker answers in, unless its head names another. */
  accept: string;
  wantsEvents: boolean;
  clock: Clock;
  /** True once the door drains: the connection then ends with this response. */
  isDraining: () => boolean;
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
  readonly #response: ReplyTarget;
  #control: JobControl | undefined;
  #head: Metadata = Metadata.empty;
  #framing: Framing | undefined;
  #keepAlive: Timer | undefined;
  /** A stream that nobody can read (HEAD, 204) ends with its first value. */
  #hasBody = true;
  #isOver = false;
  #cancelled: string | undefined;

  constructor(options: HttpReplyOptions) {
    this.#options = options;
    this.#response = options.response;
    this.#response.on("close", () => {
      this.#keepAlive?.clear();
      if (this.#isOver) return;
      this.#isOver = true;
      this.#cancel("the HTTP client left");
    });
  }

  /** Who runs the job; called once it has been dispatched. */
  controlledBy(control: JobControl): void {
    this.#control = control;
    if (this.#cancelled !== undefined) control.cancel(this.#cancelled);
  }

  #cancel(reason: string): void {
    this.#cancelled = reason;
    this.#control?.cancel(reason);
  }

  head(metadata: Metadata): void {
    this.#head = metadata;
  }

  chunk(payload: Uint8Array): boolean {
    if (this.#isOver) return true;
    const framing = this.#framing ?? this.#startStream();
    if (!this.#hasBody) {
      this.#isOver = true;
      this.#keepAlive?.clear();
      this.#response.end();
      this.#cancel("this response has no body");
      return true;
    }
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
    const status = this.#statusOf(payload === undefined ? 204 : 200);
    const body = bodiless.has(status) ? undefined : payload;
    const headers = this.#headers(body === undefined ? undefined : this.#type);
    if (body !== undefined) headers.push("content-length", String(body.length));
    this.#writeHead(status, headers);
    this.#finish(body);
  }

  fail(error: GateError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#framing !== undefined) return this.#failStream(this.#framing, error);
    const { status, headers, body } = toProblem(error, this.#options.requestId);
    const worker = this.#worker;
    this.#writeHead(status, worker === undefined ? headers : { ...headers, "x-worker-id": worker });
    this.#finish(body);
  }

  get #type(): string {
    const named = this.#head.get("content-type");
    return named !== undefined && isHeaderValue(named) ? named : this.#options.accept;
  }

  /** Who ran the job; a name that HTTP cannot carry is percent-encoded. */
  get #worker(): string | undefined {
    const worker = this.#control?.worker;
    return worker === undefined || isHeaderValue(worker) ? worker : encodeURIComponent(worker.toWellFormed());
  }

  #writeHead(status: number, headers: string[] | Record<string, string>): void {
    if (this.#options.isDraining()) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, headers);
  }

  /** Node writes a text together with its headers, but bytes apart from them: small bodies go out as the text that has the same bytes. */
  #finish(payload: Uint8Array | undefined): void {
    if (payload === undefined || payload.length > smallBytes) this.#response.end(payload);
    else this.#response.end(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("latin1"), "latin1");
  }

  #startStream(): Framing {
    const type = this.#type;
    const framing: Framing = mediaType(type) !== jsonType ? "raw" : this.#options.wantsEvents ? "events" : "lines";
    this.#framing = framing;
    const headers = this.#headers(framing === "events" ? "text/event-stream" : framing === "lines" ? "application/x-ndjson" : type);
    headers.push("cache-control", "no-cache", "x-accel-buffering", "no");
    const status = this.#statusOf(200);
    this.#hasBody = !this.#options.isHead && !bodiless.has(status);
    this.#writeHead(status, headers);
    this.#response.on("drain", () => this.#control?.resume());
    if (framing === "events") this.#keepAlive = this.#options.clock.every(keepAliveMs, () => this.#writeComment());
    return framing;
  }

  #write(framing: Framing, payload: Uint8Array): boolean {
    if (framing === "raw") return this.#response.write(payload);
    const line = onOneLine(payload);
    if (framing === "lines") return this.#response.write(Buffer.concat([line, newline]));
    return this.#response.write(Buffer.concat([dataField, line, newline, newline]));
  }

  /** Comments are for idle connections: one that waits for its reader needs none, and must not collect them. */
  #writeComment(): void {
    if (!this.#response.writableNeedDrain) this.#response.write(": keep-alive\n\n");
  }

  #failStream(framing: Framing, error: GateError): void {
    this.#keepAlive?.clear();
    const wire = { code: error.code, status: httpStatus(error.code), message: error.message };
    if (framing === "lines") this.#response.end(`${JSON.stringify({ error: wire })}\n`);
    else if (framing === "events") this.#response.end(`event: error\ndata: ${toProblemText(error, this.#options.requestId)}\n\n`);
    else this.#response.destroy();
  }

  #statusOf(fallback: number): number {
    const status = Number(this.#head.get(":status"));
    return Number.isInteger(status) && status >= 200 && status <= 599 ? status : fallback;
  }

  /** Name, value, name, value, …: repeated names stay repeated. */
  #headers(type: string | undefined): string[] {
    const headers = ["x-request-id", this.#options.requestId];
    const worker = this.#worker;
    if (worker !== undefined) headers.push("x-worker-id", worker);
    if (type !== undefined) headers.push("content-type", type);
    for (const [key, value] of this.#head) {
      const isOurs = key.startsWith(":") || ours.has(key) || hopByHop.has(key);
      if (isOurs || typeof value !== "string" || !isHeaderName(key) || !isHeaderValue(value)) continue;
      // What node has been given before (the origins of `cors`) would be replaced.
      const given = key === "vary" ? this.#response.getHeader(key) : undefined;
      headers.push(key, given === undefined ? value : `${String(given)}, ${value}`);
    }
    return headers;
  }
}

// A sink never throws, and node does for what HTTP forbids: such a header of a worker is left out.

function isHeaderName(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name);
}

function isHeaderValue(value: string): boolean {
  return !/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value);
}

/** JSON on one line, which is what both framings rest on: a raw line break can only stand between its tokens. */
function onOneLine(json: Uint8Array): Uint8Array {
  if (!json.includes(0x0a) && !json.includes(0x0d)) return json;
  return json.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte));
}
