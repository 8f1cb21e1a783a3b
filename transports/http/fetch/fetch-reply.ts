import { EventEmitter } from "node:events";
import type { ProxiedTarget } from "../proxy/proxied-reply.ts";

/** Bytes of a stream that wait for their reader before the worker is held up. */
const highWaterBytes = 64 * 1024;
/** Statuses with which a `Response` takes no body. Source: the Fetch standard, "null body status". */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);
/** For whoever still looks at the answer to a request that was given up. Source: nginx, as the gRPC mapping has it. */
const clientClosedRequest = 499;

/** What a `FetchReply` knows of its request. */
export interface FetchReplyOptions {
  isHead: boolean;
  /** Aborted when the caller has left. */
  signal: AbortSignal;
  /** Of every response, before its own. */
  headers: Readonly<Record<string, string>>;
}

/**
 * A reply that becomes a `Response`: what node's own response is to a port.
 *
 * A reply in one piece has that as its body; one that is written in pieces is a stream, whose reader holds up the writer, and whose
 * cancellation closes it.
 */
export class FetchReply extends EventEmitter implements ProxiedTarget {
  /** Of connections; there are none here. */
  shouldKeepAlive = true;
  /** Resolves with the head, before the body has been written; never rejects. */
  readonly response: Promise<Response>;
  readonly #resolve: (response: Response) => void;
  readonly #options: FetchReplyOptions;
  readonly #settled = new AbortController();
  #hasHead = false;
  #status = 200;
  #reason = "";
  #headers = new Headers();
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  #needsDrain = false;
  #isClosed = false;

  constructor(options: FetchReplyOptions) {
    super();
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.response = promise;
    this.#resolve = resolve;
    const { signal } = options;
    const leave = (): void => this.#leave(signal.reason);
    signal.addEventListener("abort", leave, { signal: this.#settled.signal });
    if (signal.aborted) queueMicrotask(leave);
  }

  get writableNeedDrain(): boolean {
    return this.#needsDrain;
  }

  getHeader(name: string): string | undefined {
    return this.#options.headers[name];
  }

  writeHead(status: number, headers: string[] | Record<string, string>): void;
  writeHead(status: number, reason: string | undefined, headers: string[]): void;
  writeHead(status: number, first: string[] | Record<string, string> | string | undefined, second: string[] = []): void {
    const headers = typeof first === "object" ? first : second;
    // A `Response` can be no other, and would say so too late.
    if (status < 200 || status > 599) throw new RangeError(`a response cannot have the status ${status}`);
    this.#hasHead = true;
    this.#status = status;
    this.#reason = typeof first === "string" ? first : "";
    this.#headers = new Headers(this.#options.headers);
    const flat = Array.isArray(headers) ? headers : Object.entries(headers).flat();
    const replaced = new Set<string>();
    for (let at = 0; at + 1 < flat.length; at += 2) {
      const name = flat[at] as string;
      // A header of our own is replaced once; what the reply repeats stays repeated.
      if (name in this.#options.headers && !replaced.has(name)) this.#headers.set(name, flat[at + 1] as string);
      else this.#headers.append(name, flat[at + 1] as string);
      replaced.add(name);
    }
  }

  get headersSent(): boolean {
    return this.#hasHead;
  }

  /** A `Response` has none. */
  addTrailers(): void {}

  write(piece: Uint8Array | string): boolean {
    if (this.#isClosed) return true;
    const stream = this.#stream ?? this.#startStream();
    stream.enqueue(toBytes(piece, "utf8"));
    this.#needsDrain = (stream.desiredSize ?? 0) <= 0;
    return !this.#needsDrain;
  }

  end(piece?: Uint8Array | string, encoding: "latin1" | "utf8" = "utf8"): void {
    if (this.#isClosed) return;
    const bytes = piece === undefined ? undefined : toBytes(piece, encoding);
    if (this.#stream === undefined) this.#respond(bytes);
    else {
      if (bytes !== undefined) this.#stream.enqueue(bytes);
      this.#stream.close();
    }
    this.#close();
  }

  destroy(): void {
    this.#leave(new Error("the reply broke off"));
  }

  #startStream(): ReadableStreamDefaultController<Uint8Array> {
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#stream = controller;
        },
        pull: () => this.#drain(),
        cancel: () => this.#close(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: highWaterBytes }),
    );
    this.#respond(body);
    return this.#stream as unknown as ReadableStreamDefaultController<Uint8Array>;
  }

  #respond(body: ReadableStream | Uint8Array<ArrayBuffer> | undefined): void {
    const hasBody = body !== undefined && !this.#options.isHead && !bodiless.has(this.#status);
    this.#resolve(new Response(hasBody ? body : null, { status: this.#status, statusText: this.#reason, headers: this.#headers }));
  }

  #drain(): void {
    if (!this.#needsDrain) return;
    this.#needsDrain = false;
    this.emit("drain");
  }

  /** The caller has left, or the reply cannot go on. */
  #leave(reason: unknown): void {
    if (this.#isClosed) return;
    if (this.#stream === undefined) this.#resolve(new Response(null, { status: clientClosedRequest }));
    else this.#stream.error(reason);
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#settled.abort();
    this.emit("close");
  }
}

/** Bytes of their own: a reader may give away the memory of what it has read, and ours is shared with other replies. */
function toBytes(piece: Uint8Array | string, encoding: "latin1" | "utf8"): Uint8Array<ArrayBuffer> {
  return new Uint8Array(typeof piece === "string" ? Buffer.from(piece, encoding) : piece);
}
