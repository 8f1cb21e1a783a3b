import { type GateError, type JobControl, Metadata, type MetadataValue, type ReplySink } from "unigate/transport";
import type { ReplyTarget } from "../http-reply.ts";
import { toProblem } from "../problem.ts";

/** Up to here a body that came in one piece goes out in one write with its head. */
const smallBytes = 4096;

/** What a proxied response is written to: node's response, or one that behaves like it. */
export interface ProxiedTarget extends ReplyTarget {
  readonly headersSent: boolean;
  writeHead(status: number, headers: string[] | Record<string, string>): unknown;
  writeHead(status: number, reason: string | undefined, headers: string[]): unknown;
  /** The same, where it is quicker for a head that comes again; `own` are the headers of this response alone. */
  writeCommonHead?(head: CommonHead, own: readonly string[]): void;
  addTrailers(trailers: [string, string][]): void;
}

/** A head, or the part of it that many responses have in common. */
export interface CommonHead {
  status: number;
  reason: string | undefined;
  /** Name, value, name, value, …. */
  headers: string[];
  hasId: boolean;
  /** Others are given this very object. */
  isShared: boolean;
}

/** What a proxied response knows of its request. */
export interface ProxiedReplyOptions {
  response: ProxiedTarget;
  requestId: string;
  /** True once the door drains: the connection then ends with this response. */
  isDraining: () => boolean;
  /** The worker has room for more of the request's body. */
  onDrained?: (() => void) | undefined;
}

/**
 * The response of an upstream as it came: status, headers in their order, body, trailers.
 *
 * A body that breaks off breaks off for the caller too. An error before the head is a problem document: 502 when the upstream is to
 * blame, 504 when it took too long.
 */
export class ProxiedReply implements ReplySink {
  readonly #options: ProxiedReplyOptions;
  readonly #response: ProxiedTarget;
  #control: JobControl | undefined;
  #head: Metadata | undefined;
  #hasDrainListener = false;
  /** All of the body has been given to the response. */
  #isWhole = false;
  #isOver = false;
  #hasLeft = false;

  constructor(options: ProxiedReplyOptions) {
    this.#options = options;
    this.#response = options.response;
    this.#response.on("close", () => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#hasLeft = true;
      this.#control?.cancel("the HTTP client left");
    });
  }

  /** Who runs the job; called once it has been dispatched. */
  controlledBy(control: JobControl): void {
    this.#control = control;
    if (this.#hasLeft) control.cancel("the HTTP client left");
  }

  head(metadata: Metadata): void {
    this.#head = metadata;
  }

  chunk(payload: Uint8Array): boolean {
    const response = this.#response;
    if (this.#isOver || this.#isWhole) return true;
    if (!response.headersSent) {
      if (!this.#writeHead()) return true;
      if (payload.length <= smallBytes && this.#head?.get("content-length") === String(payload.length)) {
        // Bytes go out apart from their headers, a text together with them.
        this.#isWhole = true;
        response.end(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("latin1"), "latin1");
        return true;
      }
    }
    if (response.write(payload)) return true;
    if (!this.#hasDrainListener) {
      this.#hasDrainListener = true;
      response.on("drain", () => this.#control?.resume());
    }
    return false;
  }

  end(payload?: Uint8Array, trailers?: Metadata): void {
    if (this.#isOver) return;
    const response = this.#response;
    if (!response.headersSent && !this.#writeHead()) return;
    this.#isOver = true;
    if (this.#isWhole) return;
    if (trailers !== undefined) response.addTrailers(pairsOf(trailers.flat));
    response.end(payload);
  }

  fail(error: GateError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const response = this.#response;
    if (this.#isWhole) return;
    // Nobody may take half of a body for the whole of it.
    if (response.headersSent) return void response.destroy();
    const { status, headers, body } = toProblem(error, this.#options.requestId, statusOf(error));
    if (this.#options.isDraining()) response.shouldKeepAlive = false;
    response.writeHead(status, headers);
    response.end(body);
  }

  drained(): void {
    this.#options.onDrained?.();
  }

  /** False when HTTP forbids what the upstream said: the caller has been answered then. */
  #writeHead(): boolean {
    const response = this.#response;
    if (this.#options.isDraining()) response.shouldKeepAlive = false;
    const head = commonHead(this.#head);
    const own: string[] = [];
    const worker = this.#control?.worker;
    if (worker !== undefined) own.push("x-worker-id", worker);
    if (!head.hasId) own.push("x-request-id", this.#options.requestId);
    try {
      if (response.writeCommonHead === undefined) response.writeHead(head.status, head.reason, [...head.headers, ...own]);
      else response.writeCommonHead(head, own);
      return true;
    } catch {
      this.#isOver = true;
      this.#control?.cancel("the upstream's head cannot be sent on");
      response.writeHead(502, []);
      response.end();
      return false;
    }
  }
}

const known = new WeakMap<Metadata, CommonHead>();

/** What responses that share their head have in common, as one object for all of them. */
function commonHead(metadata: Metadata = Metadata.empty): CommonHead {
  const before = metadata.isShared ? known.get(metadata) : undefined;
  if (before !== undefined) return before;
  const { flat } = metadata;
  const head: CommonHead = { status: 200, reason: undefined, headers: [], hasId: false, isShared: metadata.isShared };
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const key = flat[at] as string;
    const value = flat[at + 1] as string;
    if (key === ":status") head.status = Number(value);
    else if (key === ":reason") head.reason = value;
    else if (key.charCodeAt(0) !== 58) head.headers.push(key, value);
    if (key === "x-request-id") head.hasId = true;
  }
  if (metadata.isShared) known.set(metadata, head);
  return head;
}

function pairsOf(flat: readonly MetadataValue[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] as string, flat[at + 1] as string]);
  return pairs;
}

/** Bad Gateway where an upstream gave no answer; else what the code says. */
function statusOf(error: GateError): number | undefined {
  return error.code === "unavailable" && error.details?.["upstream"] !== undefined ? 502 : undefined;
}
