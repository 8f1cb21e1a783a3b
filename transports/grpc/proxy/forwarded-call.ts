import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { GateError, type GateHost, Job, type JobControl, Metadata, type MetadataValue, type ReplySink } from "unigate/transport";
import type { CallHandler, CallStream } from "../messages/call-stream.ts";
import { parseTimeout } from "../messages/grpc-timeout.ts";
import { toHeaders, toMetadata } from "../messages/metadata-headers.ts";
import { statusTrailers } from "../messages/status-trailers.ts";
import { admit } from "../native/admit.ts";
import type { TenantRoom } from "./tenant-room.ts";

const noBytes = new Uint8Array(0);

/** Where a call goes. */
export interface Destination {
  /** `package.Service.Method`, as callers name it. */
  method: string;
  /** The target of its job: the method, behind the name of an upstream that has one. */
  target: string;
  /** Lets calls of tenants in; undefined where everybody may call. */
  tenants: TenantRoom | undefined;
}

/** Brings calls to gRPC servers as jobs whose bytes nobody reads; `find` tells where one goes, or throws. */
export function forwardCalls(gate: GateHost, find: (headers: IncomingHttpHeaders) => Destination): CallHandler {
  return (stream, headers) => {
    const reply = new ForwardedReply(stream, String(headers["content-type"]));
    try {
      const { method, target, tenants } = find(headers);
      const timeoutMs = parseTimeout(headers["grpc-timeout"]);
      const job = new Job({
        target,
        payload: noBytes,
        contentType: String(headers["content-type"]),
        deadline: gate.clock.now() + timeoutMs,
        metadata: Metadata.fromFlat([...ownOf(headers), ...admit(gate, toMetadata(headers), method).flat]),
        streamsInput: true,
      });
      if (tenants === undefined) return start(gate, job, stream, reply);
      const takeBack = tenants.ask(headers, timeoutMs, {
        enter(leave) {
          tenants.admit(job);
          reply.whenDone(leave);
          start(gate, job, stream, reply);
        },
        refuse: (error) => reply.fail(error),
      });
      reply.controlledBy({ cancel: takeBack, resume: () => {} });
    } catch (error) {
      reply.fail(GateError.from(error, "internal"));
    }
  };
}

function start(gate: GateHost, job: Job, stream: CallStream, reply: ForwardedReply): void {
  const control = gate.dispatch(job, reply);
  reply.controlledBy(control);
  stream.on("data", (bytes: Buffer) => {
    if (control.input?.(bytes) === false) stream.pause();
  });
  stream.on("end", () => control.endInput?.());
}

/** What only the upstream's end of the call needs to know. */
function ownOf(headers: IncomingHttpHeaders): MetadataValue[] {
  const own: MetadataValue[] = [":path", headers[":path"] ?? "/", ":transparent", "1"];
  for (const name of ["grpc-encoding", "grpc-accept-encoding"]) {
    const value = headers[name];
    if (typeof value === "string") own.push(`:${name}`, value);
  }
  return own;
}

/** The answer of a gRPC server as it came. A caller that reads slowly holds it up; one that leaves cancels the job. */
class ForwardedReply implements ReplySink {
  readonly #stream: CallStream;
  readonly #contentType: string;
  #control: JobControl | undefined;
  #trailers: OutgoingHttpHeaders = {};
  #isOver = false;
  #hasLeft = false;
  #done: (() => void) | undefined;

  constructor(stream: CallStream, contentType: string) {
    this.#stream = stream;
    this.#contentType = contentType;
    stream.on("drain", () => this.#control?.resume());
    stream.on("error", () => {});
    stream.on("wantTrailers", () => stream.sendTrailers(this.#trailers));
    stream.on("close", () => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#hasLeft = true;
      this.#control?.cancel("the gRPC client left");
    });
  }

  controlledBy(control: JobControl): void {
    this.#control = control;
    if (this.#hasLeft) control.cancel("the gRPC client left");
  }

  /** `done` is called when the job has ended: once, and perhaps after the caller has left. */
  whenDone(done: () => void): void {
    this.#done = done;
  }

  head(metadata: Metadata): void {
    if (!this.#isOver) this.#respond(rawHeaders(metadata));
  }

  chunk(payload: Uint8Array): boolean {
    if (this.#isOver) return true;
    if (!this.#stream.headersSent) this.#respond({});
    return this.#stream.write(payload);
  }

  end(payload?: Uint8Array, trailers: Metadata = Metadata.empty): void {
    this.#done?.();
    if (this.#isOver) return;
    if (payload !== undefined) this.chunk(payload);
    const raw = rawHeaders(trailers);
    this.#finish({ "grpc-status": "0", ...raw });
  }

  fail(error: GateError): void {
    this.#done?.();
    if (!this.#isOver) this.#finish(statusTrailers(error));
  }

  drained(): void {
    this.#stream.resume();
  }

  #respond(headers: OutgoingHttpHeaders): void {
    this.#stream.respond({ ...headers, ":status": 200, "content-type": this.#contentType }, { waitForTrailers: true });
  }

  #finish(trailers: OutgoingHttpHeaders): void {
    this.#isOver = true;
    if (this.#stream.destroyed) return;
    if (this.#stream.headersSent) {
      this.#trailers = trailers;
      this.#stream.end();
    } else this.#stream.respond({ ...trailers, ":status": 200, "content-type": this.#contentType }, { endStream: true });
    // Whatever the caller still sends is read and dropped: it may be held up, and would never see the status.
    this.#stream.resume();
  }
}

/** Headers with those of gRPC itself, which other metadata never has. */
function rawHeaders(metadata: Metadata): OutgoingHttpHeaders {
  const headers = toHeaders(metadata);
  for (const [key, value] of metadata) if (key.startsWith("grpc-") && typeof value === "string") headers[key] = value;
  return headers;
}
