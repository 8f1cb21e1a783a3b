import { GateError, type Job, Metadata, type MetadataValue, type ReplySink } from "unigate/transport";
import { httpStatus } from "../http-status.ts";
import { toPublicCookie, toPublicUrl } from "./public-links.ts";

/** One request that went through. */
export interface ExposedRequest {
  method: string;
  /** As the public knows it, with the query. */
  path: string;
  /** Of the response; 502 when the server gave none, 499 when the caller left before. */
  status: number;
  /** Until the end of the response; until its head for a WebSocket or an event stream. */
  ms: number;
  /** Why there was no response, or only a part of it. */
  error?: string;
}

/** The caller left. Source: nginx, and the Connect protocol's mapping. */
const callerLeft = 499;

/** The reply of an exposed server: what it says of itself becomes what the public knows, and the request is told of once. */
export class ExposedReply implements ReplySink {
  readonly #sink: ReplySink;
  readonly #origin: URL;
  readonly #onRequest: ((request: ExposedRequest) => void) | undefined;
  readonly #startedAt = performance.now();
  readonly #method: string;
  readonly #prefix: string;
  readonly #path: string;
  #status = 0;
  #isTold = false;

  constructor({ metadata }: Job, sink: ReplySink, origin: URL, onRequest?: (request: ExposedRequest) => void) {
    this.#sink = sink;
    this.#origin = origin;
    this.#onRequest = onRequest;
    this.#method = metadata.get(":method") ?? "POST";
    this.#prefix = metadata.get("x-forwarded-prefix") ?? "";
    this.#path = this.#prefix + (metadata.get(":path") ?? "/");
  }

  head(metadata: Metadata): void {
    this.#status = Number(metadata.get(":status"));
    const isOpenEnded = this.#status === 101 || metadata.get("content-type")?.startsWith("text/event-stream") === true;
    this.#sink.head?.(toPublicHead(metadata, this.#origin, this.#prefix));
    if (isOpenEnded) this.#tell();
  }

  chunk(payload: Uint8Array): boolean {
    return this.#sink.chunk(payload);
  }

  end(payload?: Uint8Array, trailers?: Metadata): void {
    this.#sink.end(payload, trailers);
    this.#tell();
  }

  fail(error: GateError): void {
    const { code, message, details } = error;
    // There is but this one server: asked again at once, it would say the same.
    this.#sink.fail(new GateError(code, message, { cause: error, retryable: false, ...(details === undefined ? {} : { details }) }));
    if (this.#status === 0) this.#status = code === "cancelled" ? callerLeft : code === "unavailable" ? 502 : httpStatus(code);
    this.#tell(message);
  }

  drained(): void {
    this.#sink.drained?.();
  }

  #tell(error?: string): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const ms = performance.now() - this.#startedAt;
    const request = { method: this.#method, path: this.#path, status: this.#status, ms };
    this.#onRequest?.(error === undefined ? request : { ...request, error });
  }
}

function toPublicHead(head: Metadata, origin: URL, prefix: string): Metadata {
  const flat: MetadataValue[] = [];
  for (const [key, value] of head) flat.push(key, typeof value === "string" ? toPublicHeader(key, value, origin, prefix) : value);
  return Metadata.fromFlat(flat);
}

function toPublicHeader(key: string, value: string, origin: URL, prefix: string): string {
  if (key === "location" || key === "content-location") return toPublicUrl(value, origin, prefix);
  return key === "set-cookie" ? toPublicCookie(value, origin, prefix) : value;
}
