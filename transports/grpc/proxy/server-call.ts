import { type Code, GateError, type JobControl, Metadata, type MetadataValue, type ReplySink } from "unigate/transport";
import type { H2Connection } from "../h2/connection.ts";
import type { HeaderFields } from "../h2/header-fields.ts";
import { ErrorCode } from "../h2/protocol.ts";
import type { H2Stream, StreamListener } from "../h2/stream.ts";
import { toMetadata } from "../messages/metadata-headers.ts";
import { errorOfTrailers } from "../messages/status-trailers.ts";

/** Status of a stream that was reset. Source: gRPC over HTTP/2, `HTTP2 Transport Mapping`, `Errors`. */
const codeOfReset: Readonly<Record<number, Code>> = {
  [ErrorCode.protocol]: "internal",
  [ErrorCode.internal]: "internal",
  [ErrorCode.flowControl]: "internal",
  [ErrorCode.frameSize]: "internal",
  [ErrorCode.compression]: "internal",
  [ErrorCode.refusedStream]: "unavailable",
  [ErrorCode.cancel]: "cancelled",
  [ErrorCode.enhanceYourCalm]: "resource_exhausted",
  [ErrorCode.inadequateSecurity]: "permission_denied",
};

/** How a call went, for whoever looks after the server. */
export interface CallEnd {
  /** The server answered, or it did not; undefined when the call says nothing of it. */
  isAlive: boolean | undefined;
  reason?: string;
}

/**
 * One call of a gRPC server: its stream's bytes to the sink, the caller's to the stream.
 *
 * Whoever asked by gRPC (`isTransparent`) gets the trailers as they came; for everybody else the status is the end of the job.
 */
export class ServerCall implements JobControl, StreamListener {
  readonly #sink: ReplySink;
  readonly #isTransparent: boolean;
  readonly #ended: (end: CallEnd) => void;
  #stream: H2Stream | undefined;
  #trailers: HeaderFields | undefined;
  #hasHead = false;
  #hasEnded = false;
  #isOver = false;
  #cancelled: string | undefined;

  /** `ended` is called once, after the sink's end. */
  constructor(sink: ReplySink, isTransparent: boolean, ended: (end: CallEnd) => void) {
    this.#sink = sink;
    this.#isTransparent = isTransparent;
    this.#ended = ended;
  }

  /** Sends the request; `timeout` is its last field. */
  start(connection: H2Connection, fields: HeaderFields, timeout: readonly [string, string] | undefined): void {
    this.#stream = connection.request(fields, this, timeout);
  }

  // From the caller.

  cancel(reason = "the caller cancelled"): void {
    if (this.#isOver) return;
    this.#cancelled = reason;
    this.#stream?.reset(ErrorCode.cancel);
  }

  resume(): void {
    this.#stream?.resume();
  }

  input(payload: Uint8Array): boolean {
    return this.#isOver || this.#stream === undefined || this.#stream.write(payload);
  }

  endInput(): void {
    this.#stream?.end();
  }

  // From the server.

  headers(fields: HeaderFields): void {
    if (this.#isOver) return;
    if (fields.kind === "trailers") {
      this.#trailers = fields;
      return;
    }
    const { headers } = fields;
    const status = Number(headers[":status"]);
    this.#hasHead = true;
    if (status !== 200) {
      this.#fail(new GateError(codeOfHttp(status), `the server answered HTTP status ${status}, which is no gRPC`));
      this.#stream?.reset(ErrorCode.cancel);
    } else if (headers["grpc-status"] !== undefined) this.#trailers = fields;
    else this.#sink.head?.(headOf(fields));
  }

  data(bytes: Buffer): boolean {
    // A proxied call's bytes are written at once, or copied where they have to wait; whoever else takes them may keep them.
    return this.#isOver || this.#sink.chunk(this.#isTransparent ? bytes : Buffer.from(bytes));
  }

  hasRoom(): void {
    if (!this.#isOver) this.#sink.drained?.();
  }

  ended(): void {
    this.#hasEnded = true;
    if (this.#isOver) return;
    if (this.#trailers === undefined) return this.#endWithoutStatus();
    this.#isOver = true;
    const { headers } = this.#trailers;
    const error = headers["grpc-status"] === "0" ? undefined : errorOfTrailers(headers);
    if (this.#isTransparent) this.#sink.end(undefined, trailersOf(this.#trailers));
    else if (error === undefined) this.#sink.end(undefined, toMetadata(headers));
    else this.#sink.fail(error);
    this.#ended({ isAlive: true });
    // What the caller still says is of no use to a server that has answered.
    if (this.#stream?.hasSentEnd === false) this.#stream.reset(ErrorCode.cancel);
  }

  closed(code: number): void {
    if (this.#isOver) return;
    if (this.#cancelled !== undefined) return this.#fail(new GateError("cancelled", this.#cancelled), false, code);
    const connection = this.#stream?.connection;
    const isLost = connection === undefined || connection.destroyed;
    if (!isLost && code === ErrorCode.none) return this.#endWithoutStatus();
    const reason = isLost ? "its connection closed" : `HTTP/2 error ${code}`;
    const error = new GateError(isLost ? "unavailable" : (codeOfReset[code] ?? "unavailable"), `the server broke the call off: ${reason}`);
    // A refused stream was never looked at, and neither was one whose connection never opened: the job may run elsewhere.
    const neverStarted = code === ErrorCode.refusedStream || (!this.#hasHead && connection?.isReached === false);
    this.#fail(error, neverStarted, code);
  }

  #endWithoutStatus(): void {
    this.#fail(new GateError("internal", "the server ended the call without a status"));
    this.#stream?.reset(ErrorCode.cancel);
  }

  #fail(error: GateError, neverStarted?: boolean, code?: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.fail(error, neverStarted);
    // Neither what the server did on purpose nor a call that was taken back says that it is gone.
    const isBlamed = this.#cancelled === undefined && code !== ErrorCode.refusedStream;
    this.#ended(this.#hasHead || this.#hasEnded ? { isAlive: true } : { isAlive: isBlamed ? false : undefined, reason: error.message });
  }
}

const heads = new WeakMap<HeaderFields, Metadata>();
const ends = new WeakMap<HeaderFields, Metadata>();

/** The head of a reply; answers that say the same have the same one. */
function headOf(fields: HeaderFields): Metadata {
  return remembered(heads, fields, ["grpc-encoding", "grpc-accept-encoding"]);
}

/** Trailers with their status: what the server said is what the caller reads. */
function trailersOf(fields: HeaderFields): Metadata {
  return remembered(ends, fields, ["grpc-status", "grpc-message", "grpc-status-details-bin"]);
}

function remembered(by: WeakMap<HeaderFields, Metadata>, fields: HeaderFields, names: readonly string[]): Metadata {
  const before = by.get(fields);
  if (before !== undefined) return before;
  const { headers } = fields;
  const flat: MetadataValue[] = [...toMetadata(headers).flat];
  for (const name of names) {
    const value = headers[name];
    if (typeof value === "string") flat.push(name, value);
  }
  const metadata = Metadata.fromFlat(flat);
  by.set(fields, metadata);
  return metadata;
}

/** Source: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md. */
function codeOfHttp(status: number): Code {
  if (status === 400) return "internal";
  if (status === 401) return "unauthenticated";
  if (status === 403) return "permission_denied";
  if (status === 404) return "unimplemented";
  return status === 429 || (status >= 502 && status <= 504) ? "unavailable" : "unknown";
}
