import { constants } from "node:http2";
import { GateError, type JobControl, Metadata, type ReplySink } from "unigate/transport";
import type { CallStream } from "./call-stream.ts";
import { frameMessage } from "./frame-message.ts";
import { toHeaders } from "./metadata-headers.ts";
import { statusTrailers } from "./status-trailers.ts";

/** What a reply knows of its call. */
export interface GrpcReplyOptions {
  stream: CallStream;
  /** The method answers with a stream; any other has exactly one message. */
  isStream: boolean;
  /** The client takes gzip. */
  gzip: boolean;
  /** The message that a payload becomes; `head` is what the handler said before it. Throws a `GateError`. */
  encode(payload: Uint8Array, head: Metadata): Uint8Array;
}

/** From here on compression saves more than it costs. */
const compressBytes = 1024;

/**
 * The reply of a job as the answer to a gRPC call.
 *
 * Exactly one status leaves, whatever happens: in trailers after messages, in the headers when there is none. A client that reads
 * slowly holds up the worker; one that leaves cancels the job.
 */
export class GrpcReply implements ReplySink {
  readonly #options: GrpcReplyOptions;
  readonly #stream: CallStream;
  #control: JobControl | undefined;
  #head: Metadata = Metadata.empty;
  #sent = 0;
  #isOver = false;
  #cancelled: string | undefined;
  #drained: (() => void) | undefined;

  constructor(options: GrpcReplyOptions) {
    this.#options = options;
    this.#stream = options.stream;
    this.#stream.on("drain", () => this.#control?.resume());
    // The client reset its stream; `close` follows.
    this.#stream.on("error", () => {});
    this.#stream.on("close", () => {
      if (!this.#isOver) this.#stop("the gRPC client left");
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Who runs the job, called once it has been dispatched; `drained`: it has room for more input. */
  controlledBy(control: JobControl, drained?: () => void): void {
    this.#control = control;
    this.#drained = drained;
    if (this.#cancelled !== undefined) control.cancel(this.#cancelled);
  }

  /** Calls `resume` whenever the client has room again, for a method that answers by itself. */
  onRoom(resume: () => void): void {
    this.#stream.on("drain", resume);
  }

  drained(): void {
    this.#drained?.();
  }

  head(metadata: Metadata): void {
    this.#head = metadata;
  }

  chunk(payload: Uint8Array): boolean {
    if (this.#isOver) return true;
    if (this.#options.isStream) return this.#message(payload);
    this.#fail(new GateError("failed_precondition", "the method answers with a stream; call it as one"));
    this.#stop("its caller takes one value");
    return true;
  }

  end(payload?: Uint8Array, trailers?: Metadata): void {
    if (this.#isOver) return;
    if (payload !== undefined || !this.#options.isStream) this.#message(payload ?? new Uint8Array(0));
    if (!this.#isOver) this.#finish(undefined, trailers);
  }

  fail(error: GateError): void {
    this.#fail(error);
  }

  #message(payload: Uint8Array): boolean {
    try {
      const message = this.#options.encode(payload, this.#head);
      this.#start();
      this.#sent++;
      return this.#stream.write(frameMessage(message, this.#options.gzip && message.length >= compressBytes));
    } catch (error) {
      this.#fail(GateError.from(error, "internal"));
      this.#stop("its answer is not what the method promises");
      return true;
    }
  }

  #start(): void {
    if (this.#stream.headersSent) return;
    const encoding = this.#options.gzip ? { "grpc-encoding": "gzip" } : {};
    this.#stream.respond(
      { ":status": 200, "content-type": "application/grpc+proto", ...encoding, ...toHeaders(this.#head) },
      { waitForTrailers: true },
    );
  }

  #fail(error: GateError): void {
    if (!this.#isOver) this.#finish(error);
  }

  #finish(error: GateError | undefined, trailers: Metadata = Metadata.empty): void {
    this.#isOver = true;
    const stream = this.#stream;
    if (stream.destroyed) return;
    const status = { ...toHeaders(trailers), ...statusTrailers(error) };
    if (!stream.headersSent && this.#sent === 0 && error !== undefined) {
      stream.respond(
        { ":status": 200, "content-type": "application/grpc+proto", ...toHeaders(this.#head), ...status },
        { endStream: true },
      );
      this.#letGo();
      return;
    }
    this.#start();
    stream.once("wantTrailers", () => {
      stream.sendTrailers(status);
      this.#letGo();
    });
    stream.end();
  }

  // What the client still sends is of no use: it hears that with the status (RFC 9113 section 8.1).
  #letGo(): void {
    const stream = this.#stream;
    stream.resume();
    if (!stream.readableEnded) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
  }

  #stop(reason: string): void {
    this.#isOver = true;
    this.#cancelled = reason;
    this.#control?.cancel(reason);
  }
}
