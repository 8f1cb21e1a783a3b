import {
  type ClientHttp2Session,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { onTestFinished } from "vitest";

/** A gRPC server of bare HTTP/2, whose every answer is given by the test. */
export interface RawServer {
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** Connections with calls that are open now. */
  readonly connections: readonly ServerHttp2Session[];
  /** Connections that are open now, those of watches included. */
  readonly sessions: number;
  /** Connections with calls that were ever opened. */
  readonly opened: number;
  /** Calls that wait for an answer. */
  readonly waiting: ServerHttp2Stream[];
  /** Headers of every call, in their order. */
  readonly asked: IncomingHttpHeaders[];
  /** Questions by reflection, which it does not have. */
  readonly reflections: number;
  /** Answers every waiting call. */
  answerAll(): void;
  close(): Promise<void>;
}

/** One gRPC message as it goes over the wire. */
export function message(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Ends a call well, with one message. */
export function answer(stream: ServerHttp2Stream, text = "done", trailers: OutgoingHttpHeaders = { "grpc-status": "0" }): void {
  if (stream.destroyed) return;
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(message(text));
}

/** What a raw server does. */
export interface RawServerOptions {
  /** Answers calls; without it they wait. */
  serve?: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
  /** Answers `grpc.health.v1.Health/Watch`; without it there is no such service. */
  health?: (stream: ServerHttp2Stream) => void;
  host?: string;
  port?: number;
  maxStreams?: number;
}

/** Starts a server; closed when the test is over. What asks for its health or its services counts as neither call nor connection. */
export async function rawServer(options: RawServerOptions = {}): Promise<RawServer> {
  const { maxStreams, host = "127.0.0.1" } = options;
  const server = createServer({ settings: maxStreams === undefined ? {} : { maxConcurrentStreams: maxStreams } });
  const sessions = new Set<ServerHttp2Session>();
  const connections: ServerHttp2Session[] = [];
  const waiting: ServerHttp2Stream[] = [];
  const asked: IncomingHttpHeaders[] = [];
  let opened = 0;
  let reflections = 0;
  const use = (session: ServerHttp2Session): void => {
    if (connections.includes(session)) return;
    opened++;
    connections.push(session);
    session.on("close", () => connections.splice(connections.indexOf(session), 1));
  };
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => sessions.delete(session));
  });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => {});
    if (headers[":path"] === "/grpc.health.v1.Health/Watch") return (options.health ?? hasNone)(stream);
    if (headers[":path"]?.startsWith("/grpc.reflection.") === true) {
      reflections++;
      return hasNone(stream);
    }
    use(stream.session as ServerHttp2Session);
    asked.push(headers);
    if (options.serve !== undefined) return options.serve(stream, headers);
    waiting.push(stream);
    stream.on("close", () => waiting.includes(stream) && waiting.splice(waiting.indexOf(stream), 1));
    stream.resume();
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, host, resolve));
  const { port } = server.address() as { port: number };
  const close = async (): Promise<void> => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return {
    port,
    address: `${host}:${port}`,
    connections,
    get sessions() {
      return sessions.size;
    },
    get opened() {
      return opened;
    },
    get reflections() {
      return reflections;
    },
    waiting,
    asked,
    answerAll: () => waiting.splice(0).forEach((stream) => answer(stream)),
    close,
  };
}

function hasNone(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "12" }, { endStream: true });
}

/** How a raw call ended. */
export interface RawReply {
  /** `grpc-status`; -1 when the call was broken off without one. */
  status: number;
  message: string;
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
  body: Buffer;
}

/** One HTTP/2 connection to `address`, closed when the test is over. */
export function rawSession(address: string): ClientHttp2Session {
  const session = connect(`http://${address}`);
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** Calls `/a.B/C` and resolves with whatever comes back. */
export function rawCall(
  session: ClientHttp2Session,
  { path = "/a.B/C", body = message("hi"), headers = {} }: { path?: string; body?: Buffer; headers?: OutgoingHttpHeaders } = {},
): Promise<RawReply> {
  const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...headers });
  const reply: RawReply = { status: -1, message: "", headers: {}, trailers: {}, body: Buffer.alloc(0) };
  const { promise, resolve } = Promise.withResolvers<RawReply>();
  const chunks: Buffer[] = [];
  const read = (from: IncomingHttpHeaders): void => {
    if (from["grpc-status"] === undefined) return;
    reply.status = Number(from["grpc-status"]);
    reply.message = decodeURIComponent(String(from["grpc-message"] ?? ""));
    reply.trailers = from;
  };
  stream.on("response", (given) => {
    reply.headers = given;
    read(given);
  });
  stream.on("trailers", read);
  stream.on("data", (bytes: Buffer) => chunks.push(bytes));
  stream.on("error", () => {});
  stream.on("close", () => resolve({ ...reply, body: Buffer.concat(chunks) }));
  stream.end(body);
  return promise;
}
