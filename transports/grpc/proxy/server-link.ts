import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { type EndpointLink, GateError, type Job, type JobControl, methodOf, type ReplySink, serviceOf } from "unigate/transport";
import { encodeTimeout } from "../messages/grpc-timeout.ts";
import { toHeaders } from "../messages/metadata-headers.ts";
import type { GrpcTls } from "../options.ts";
import { ServerCall } from "./server-call.ts";

/** How one gRPC server is reached. */
export interface ServerLinkOptions {
  /** `host:port`. */
  address: string;
  /** HTTP/2 connections at most. */
  connections: number;
  tls: boolean | GrpcTls | undefined;
  /** How the server does: called when a connection opens, and when one could not be. */
  readonly reached: (isReached: boolean) => void;
}

/** A gRPC server as a worker. */
export interface ServerLink extends EndpointLink {
  close(): void;
}

const windowBytes = 1024 * 1024;
const connectTimeoutMs = 5000;

/**
 * Makes an endpoint link of a gRPC server: a job is one call, its bytes the gRPC message stream as it is, read by nobody.
 *
 * Payload and input go out as they come; the reply has the response's headers as its head, the bytes in chunks, and the trailers at its
 * end, status and all. A job in another content type fails: see `jsonLink`. Connections are opened as calls need them, and left when the
 * server says GOAWAY; running calls finish.
 */
export function createServerLink(options: ServerLinkOptions): ServerLink {
  const sessions: ClientHttp2Session[] = [];
  let next = 0;

  function sessionFor(): ClientHttp2Session {
    const open = sessions.filter((session) => !session.closed && !session.destroyed);
    if (open.length < options.connections) {
      const session = openSession(options, () => {
        const at = sessions.indexOf(session);
        if (at >= 0) sessions.splice(at, 1);
      });
      sessions.push(session);
      return session;
    }
    next = (next + 1) % open.length;
    return open[next] as ClientHttp2Session;
  }

  return {
    id: options.address,
    incarnation: options.address,
    transport: "grpc",
    address: options.address,
    send(job: Job, sink: ReplySink): JobControl {
      try {
        return start(sessionFor(), job, sink);
      } catch (error) {
        sink.fail(GateError.from(error, "unavailable"), true);
        return { cancel: () => {}, resume: () => {} };
      }
    },
    close() {
      for (const session of sessions.splice(0)) session.close();
    },
  };
}

function openSession({ address, tls, reached }: ServerLinkOptions, gone: () => void): ClientHttp2Session {
  const isPlain = tls === undefined || tls === false;
  const session = connect(`${isPlain ? "http" : "https"}://${address}`, {
    settings: { enablePush: false, initialWindowSize: windowBytes },
    ...(typeof tls === "object" ? { cert: tls.cert, key: tls.key, ca: tls.ca } : {}),
  });
  const timer = setTimeout(() => session.destroy(new Error(`no connection to ${address} in ${connectTimeoutMs} ms`)), connectTimeoutMs);
  session.once("connect", () => {
    clearTimeout(timer);
    session.setLocalWindowSize(windowBytes * 16);
    reached(true);
  });
  session.on("error", () => {
    clearTimeout(timer);
    reached(false);
    gone();
  });
  // A connection that is on its way out takes no new calls.
  session.once("goaway", gone);
  session.once("close", () => {
    clearTimeout(timer);
    gone();
  });
  session.unref();
  return session;
}

function start(session: ClientHttp2Session, job: Job, sink: ReplySink): JobControl {
  const { metadata } = job;
  const path = metadata.get(":path") ?? `/${serviceOf(job.target)}/${methodOf(job.target)}`;
  const left = job.deadline === Infinity ? undefined : encodeTimeout(job.deadline - performance.now());
  const stream: ClientHttp2Stream = session.request(
    {
      ...toHeaders(metadata),
      ...encodingsOf(job),
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: path,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: job.contentType,
      te: "trailers",
      ...(left === undefined ? {} : { "grpc-timeout": left }),
    },
    { endStream: false },
  );
  const call = new ServerCall(stream, sink, metadata.get(":transparent") === "1");
  if (job.payload.length > 0) stream.write(job.payload);
  if (!job.streamsInput) stream.end();
  return call;
}

/** How the messages are packed is for the two ends of the call to know. */
function encodingsOf({ metadata }: Job): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of ["grpc-encoding", "grpc-accept-encoding"]) {
    const value = metadata.get(`:${name}`);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}
