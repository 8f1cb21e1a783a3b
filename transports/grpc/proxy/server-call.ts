import { type ClientHttp2Stream, constants, type Http2Session, type IncomingHttpHeaders } from "node:http2";
import { type Code, GateError, type JobControl, Metadata, type MetadataValue, type ReplySink } from "unigate/transport";
import { toMetadata } from "../messages/metadata-headers.ts";
import { errorOfTrailers } from "../messages/status-trailers.ts";

/** Status of a stream that was reset. Source: gRPC over HTTP/2, `HTTP2 Transport Mapping`, `Errors`. */
const codeOfReset: Readonly<Record<number, Code>> = {
  [constants.NGHTTP2_PROTOCOL_ERROR]: "internal",
  [constants.NGHTTP2_INTERNAL_ERROR]: "internal",
  [constants.NGHTTP2_FLOW_CONTROL_ERROR]: "internal",
  [constants.NGHTTP2_FRAME_SIZE_ERROR]: "internal",
  [constants.NGHTTP2_COMPRESSION_ERROR]: "internal",
  [constants.NGHTTP2_REFUSED_STREAM]: "unavailable",
  [constants.NGHTTP2_CANCEL]: "cancelled",
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: "resource_exhausted",
  [constants.NGHTTP2_INADEQUATE_SECURITY]: "permission_denied",
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
export class ServerCall implements JobControl {
  readonly #stream: ClientHttp2Stream;
  readonly #session: Http2Session | undefined;
  readonly #sink: ReplySink;
  readonly #isTransparent: boolean;
  readonly #ended: (end: CallEnd) => void;
  #trailers: IncomingHttpHeaders | undefined;
  #hasHead = false;
  #isOver = false;
  #cancelled: string | undefined;

  /** `ended` is called once, after the sink's end. */
  constructor(stream: ClientHttp2Stream, sink: ReplySink, isTransparent: boolean, ended: (end: CallEnd) => void) {
    this.#stream = stream;
    // A stream that is over knows no more on which connection it was.
    this.#session = stream.session;
    this.#sink = sink;
    this.#isTransparent = isTransparent;
    this.#ended = ended;
    stream.on("response", (headers) => this.#response(headers));
    stream.on("trailers", (trailers) => (this.#trailers = trailers));
    stream.on("data", (bytes: Buffer) => {
      if (!this.#isOver && !sink.chunk(bytes)) stream.pause();
    });
    stream.on("drain", () => sink.drained?.());
    stream.on("end", () => this.#end());
    stream.on("error", (error) => this.#failed(error));
    stream.on("close", () => this.#failed(undefined));
  }

  // From the caller.

  cancel(reason = "the caller cancelled"): void {
    if (this.#isOver) return;
    this.#cancelled = reason;
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  resume(): void {
    this.#stream.resume();
  }

  input(payload: Uint8Array): boolean {
    return this.#isOver || this.#stream.closed || this.#stream.write(payload);
  }

  endInput(): void {
    this.#stream.end();
  }

  // From the server.

  #response(headers: IncomingHttpHeaders): void {
    const status = Number(headers[":status"]);
    this.#hasHead = true;
    if (status !== 200) {
      this.#fail(new GateError(codeOfHttp(status), `the server answered HTTP status ${status}, which is no gRPC`));
      this.#stream.close(constants.NGHTTP2_CANCEL);
    } else if (headers["grpc-status"] !== undefined) this.#trailers = headers;
    else this.#sink.head?.(headOf(headers));
  }

  #end(): void {
    if (this.#isOver) return;
    if (this.#trailers === undefined) return this.#endWithoutStatus();
    this.#isOver = true;
    const error = errorOfTrailers(this.#trailers);
    if (this.#isTransparent) this.#sink.end(undefined, trailersOf(this.#trailers));
    else if (error === undefined) this.#sink.end(undefined, toMetadata(this.#trailers));
    else this.#sink.fail(error);
    this.#ended({ isAlive: true });
  }

  /** A call that is broken off ends too, and then closes: only then it is known why. */
  #endWithoutStatus(): void {
    const { destroyed, aborted, rstCode } = this.#stream;
    if (destroyed || aborted || rstCode !== 0 || this.#hasLostConnection) return;
    this.#fail(new GateError("internal", "the server ended the call without a status"));
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #failed(cause: Error | undefined): void {
    if (this.#isOver) return;
    if (this.#cancelled !== undefined) return this.#fail(new GateError("cancelled", this.#cancelled));
    const { rstCode } = this.#stream;
    const isLost = this.#hasLostConnection;
    const reason = isLost ? "its connection closed" : rstCode === 0 ? (cause?.message ?? "it ended") : `HTTP/2 error ${rstCode}`;
    const code = isLost ? "unavailable" : (codeOfReset[rstCode] ?? "unavailable");
    // A refused stream was never looked at, and neither was one whose connection never opened: the job may run elsewhere.
    const neverStarted = rstCode === constants.NGHTTP2_REFUSED_STREAM || (!this.#hasHead && this.#stream.pending);
    this.#fail(new GateError(code, `the server broke the call off: ${reason}`, { cause }), neverStarted);
  }

  get #hasLostConnection(): boolean {
    return this.#session === undefined || this.#session.destroyed;
  }

  #fail(error: GateError, neverStarted?: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.fail(error, neverStarted);
    this.#ended(this.#hasHead ? { isAlive: true } : { isAlive: this.#blames(), reason: error.message });
  }

  /** Undefined for what the server did on purpose, and for a call that was taken back. */
  #blames(): false | undefined {
    const { rstCode } = this.#stream;
    return this.#cancelled !== undefined || rstCode === constants.NGHTTP2_REFUSED_STREAM ? undefined : false;
  }
}

function headOf(headers: IncomingHttpHeaders): Metadata {
  const flat: MetadataValue[] = [...toMetadata(headers).flat];
  for (const name of ["grpc-encoding", "grpc-accept-encoding"]) {
    const value = headers[name];
    if (typeof value === "string") flat.push(name, value);
  }
  return Metadata.fromFlat(flat);
}

/** Trailers with their status: what the server said is what the caller reads. */
function trailersOf(trailers: IncomingHttpHeaders): Metadata {
  const flat: MetadataValue[] = [...toMetadata(trailers).flat];
  for (const name of ["grpc-status", "grpc-message", "grpc-status-details-bin"]) {
    const value = trailers[name];
    if (typeof value === "string") flat.push(name, value);
  }
  return Metadata.fromFlat(flat);
}

/** Source: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md. */
function codeOfHttp(status: number): Code {
  if (status === 400) return "internal";
  if (status === 401) return "unauthenticated";
  if (status === 403) return "permission_denied";
  if (status === 404) return "unimplemented";
  return status === 429 || (status >= 502 && status <= 504) ? "unavailable" : "unknown";
}
