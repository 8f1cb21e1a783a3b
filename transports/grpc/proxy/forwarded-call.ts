import type { IncomingHttpHeaders } from "node:http2";
import { GateError, type GateHost, Job, type JobControl, Metadata, type MetadataValue, type ReplySink } from "unigate/transport";
import { HeaderFields } from "../h2/header-fields.ts";
import type { StreamListener } from "../h2/stream.ts";
import { parseTimeout } from "../messages/grpc-timeout.ts";
import { toFlat, toFlatHeaders, toMetadata } from "../messages/metadata-headers.ts";
import type { ProxiedStream, ProxyHandler } from "../messages/proxied-stream.ts";
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
export function forwardCalls(gate: GateHost, find: (headers: IncomingHttpHeaders) => Destination): ProxyHandler {
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
        metadata: metadataOf(gate, headers, method),
        streamsInput: true,
      });
      if (tenants === undefined) return reply.controlledBy(gate.dispatch(job, reply), true);
      const takeBack = tenants.ask(headers[tenants.tokenKey], timeoutMs, {
        enter(leave) {
          tenants.admit(job);
          reply.whenDone(leave);
          reply.controlledBy(gate.dispatch(job, reply), true);
        },
        refuse: (error) => reply.fail(error),
      });
      if (!reply.isRunning) reply.controlledBy({ cancel: takeBack, resume: () => {} }, false);
    } catch (error) {
      reply.fail(GateError.from(error, "internal"));
    }
  };
}

/** Calls with the same headers have the same metadata; headers are the same object where a connection found that they repeat. */
const known = new WeakMap<IncomingHttpHeaders, { own: Metadata; whole: Metadata }>();

function metadataOf(gate: GateHost, headers: IncomingHttpHeaders, method: string): Metadata {
  const before = known.get(headers);
  const own = before?.own ?? toMetadata(headers);
  const admitted = admit(gate, own, method);
  if (before !== undefined && admitted === own) return before.whole;
  const whole = Metadata.fromFlat([...ownOf(headers), ...admitted.flat]);
  // A key is looked at, and taken out, at every call.
  if (admitted === own) known.set(headers, { own, whole });
  return whole;
}

/** What only the upstream's end of the call needs to know. */
function ownOf(headers: IncomingHttpHeaders): MetadataValue[] {
  const own: MetadataValue[] = [":path", headers[":path"] ?? "/", ":transparent", "1"];
  const authority = headers[":authority"] ?? headers.host;
  if (authority !== undefined) own.push(":authority", authority);
  for (const name of ["grpc-encoding", "grpc-accept-encoding"]) {
    const value = headers[name];
    if (typeof value === "string") own.push(`:${name}`, value);
  }
  return own;
}

/** The answer of a gRPC server as it came. A caller that reads slowly holds it up; one that leaves cancels the job. */
class ForwardedReply implements ReplySink, StreamListener {
  readonly #stream: ProxiedStream;
  readonly #contentType: string;
  #control: JobControl | undefined;
  #isOver = false;
  #hasLeft = false;
  #done: (() => void) | undefined;
  /** The job is dispatched. */
  isRunning = false;

  constructor(stream: ProxiedStream, contentType: string) {
    this.#stream = stream;
    this.#contentType = contentType;
    stream.listen(this);
  }

  /** Who can end the call: the job, once there is one. */
  controlledBy(control: JobControl, isRunning: boolean): void {
    this.#control = control;
    this.isRunning = isRunning;
    if (this.#hasLeft) control.cancel("the gRPC client left");
    else if (isRunning) this.#stream.resume();
  }

  /** `done` is called when the job has ended: once, and perhaps after the caller has left. */
  whenDone(done: () => void): void {
    this.#done = done;
  }

  // From the caller.

  /** Trailers of a client say nothing in gRPC. */
  headers(): void {}

  data(bytes: Buffer): boolean {
    return this.#isOver || this.#control?.input?.(bytes) !== false;
  }

  ended(): void {
    if (!this.#isOver) this.#control?.endInput?.();
  }

  hasRoom(): void {
    this.#control?.resume();
  }

  closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hasLeft = true;
    this.#control?.cancel("the gRPC client left");
  }

  // From the server.

  head(metadata: Metadata): void {
    if (!this.#isOver) this.#stream.respond(headFields(metadata, this.#contentType), false);
  }

  chunk(payload: Uint8Array): boolean {
    if (this.#isOver) return true;
    if (!this.#stream.hasSentHeaders) this.head(Metadata.empty);
    return this.#stream.write(payload);
  }

  end(payload?: Uint8Array, trailers: Metadata = Metadata.empty): void {
    this.#done?.();
    if (this.#isOver) return;
    if (payload !== undefined) this.chunk(payload);
    this.#finish(trailerFields(trailers));
  }

  fail(error: GateError): void {
    this.#done?.();
    if (!this.#isOver) this.#finish(new HeaderFields(toFlat(statusTrailers(error))));
  }

  drained(): void {
    this.#stream.resume();
  }

  #finish(trailers: HeaderFields): void {
    this.#isOver = true;
    if (this.#stream.hasSentHeaders) this.#stream.end(trailers);
    else this.#stream.respond(new HeaderFields([...headStart(this.#contentType), ...trailers.flat]), true);
    // Whatever the caller still sends is read and dropped: it may be held up, and would never see the status.
    this.#stream.resume();
  }
}

/** Answers that say the same have the same metadata: their fields are made once. */
const heads = new WeakMap<Metadata, { contentType: string; fields: HeaderFields }>();
const trailers = new WeakMap<Metadata, HeaderFields>();

function headFields(metadata: Metadata, contentType: string): HeaderFields {
  const before = heads.get(metadata);
  if (before !== undefined && before.contentType === contentType) return before.fields;
  const fields = new HeaderFields([...headStart(contentType), ...rawFlat(metadata)]);
  heads.set(metadata, { contentType, fields });
  return fields;
}

function trailerFields(metadata: Metadata): HeaderFields {
  const before = trailers.get(metadata);
  if (before !== undefined) return before;
  const flat = rawFlat(metadata);
  const fields = new HeaderFields(metadata.get("grpc-status") === undefined ? ["grpc-status", "0", ...flat] : flat);
  trailers.set(metadata, fields);
  return fields;
}

function headStart(contentType: string): string[] {
  return [":status", "200", "content-type", contentType];
}

/** Headers with those of gRPC itself, which other metadata never has. */
function rawFlat(metadata: Metadata): string[] {
  const flat = toFlatHeaders(metadata);
  for (const [key, value] of metadata) if (key.startsWith("grpc-") && typeof value === "string") flat.push(key, value);
  return flat;
}
