import { createServer as createHttp1Server, type IncomingMessage, type Server as Http1Server, type ServerResponse } from "node:http";
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { type Address, type Door, GateError, type GateHost } from "unigate/transport";
import type { CallHandler } from "./messages/call-stream.ts";
import { nativeMethods } from "./native/index.ts";
import { addressOf, defaultHost, defaultPort, type GrpcOptions } from "./options.ts";
import { loadProtos } from "./protos/load-protos.ts";
import { forwardCalls } from "./proxy/forwarded-call.ts";
import { Upstreams } from "./proxy/upstreams.ts";
import { serveWeb } from "./web/serve-web.ts";

const windowBytes = 1024 * 1024;
const maxHeaderBytes = 64 * 1024;
const maxStreams = 1000;
/** A client that resets streams faster than this, per connection and second, is cut: CVE-2023-44487. */
const maxResetsPerSecond = 500;
/** The first bytes of every HTTP/2 connection. Source: RFC 9113 section 3.4. */
const prefaceStart = "PRI";

/** Listens for gRPC. Rejects with `failed_precondition` when it cannot, `invalid_argument` for protos that cannot be read. */
export async function openGrpcDoor(options: GrpcOptions, gate: GateHost): Promise<Door> {
  const protos = options.protos === undefined ? undefined : await loadProtos(options.protos);
  const upstreams = new Upstreams(gate, options.upstreams ?? {});
  const own = nativeMethods(gate, { ...(protos === undefined ? {} : { protos }), upstreams: () => upstreams.protos() });
  const forward = forwardCalls(gate, (headers) => upstreams.find(headers));
  const door = new GrpcDoor(options, (path) => own.get(path) ?? forward);
  try {
    await upstreams.ready();
    await door.listen();
  } catch (error) {
    upstreams.close();
    throw error;
  }
  return {
    addresses: door.addresses,
    details: () => ({ upstreams: upstreams.figures() }),
    pools: () => upstreams.pools(),
    async drain() {
      // A door that goes while its gate stays: another one may have the same servers.
      if (gate.status.isReady()) upstreams.retire();
      await door.drain();
    },
    close: () => door.close().finally(() => upstreams.close()),
  };
}

class GrpcDoor {
  addresses: readonly Address[] = [];
  readonly #options: GrpcOptions;
  readonly #handlerOf: (path: string) => CallHandler;
  readonly #http2: Http2Server;
  readonly #http1: Http1Server;
  readonly #server: Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #sockets = new Set<Socket>();

  constructor(options: GrpcOptions, handlerOf: (path: string) => CallHandler) {
    this.#options = options;
    this.#handlerOf = handlerOf;
    const web = serveWeb(handlerOf, options.web);
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      if (!web(request, response)) notGrpc(response);
    };
    this.#http1 = createHttp1Server(answer);
    this.#http2 = this.#createHttp2(answer);
    // The compatibility API costs every stream that passes by it: only streams of gRPC-Web, and those that are no gRPC, get it.
    const others = createServer(answer as never);
    this.#http2.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: string[]) => {
      if (isGrpc(headers)) this.#handlerOf(headers[":path"] ?? "/")(stream, headers);
      else others.emit("stream", stream, headers, flags, raw);
    });
    this.#http2.on("session", (session: ServerHttp2Session) => this.#watch(session));
    this.#server = options.tls === undefined ? createTcpServer((socket) => this.#meet(socket)) : this.#http2;
  }

  async listen(): Promise<void> {
    const { port = defaultPort, host = defaultHost } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) => reject(listenError(error, host, port)));
      this.#server.listen({ port, host, backlog: 1024 }, resolve);
    });
    const address = this.#server.address() as { address: string; port: number };
    this.addresses = [addressOf({ ...this.#options, host: address.address, port: address.port })];
  }

  async drain(): Promise<void> {
    this.#server.close();
  }

  async close(): Promise<void> {
    this.#server.close();
    // GOAWAY first: a client then knows that what it has not been answered may run elsewhere.
    for (const session of this.#sessions) session.close();
    await new Promise((resolve) => setImmediate(resolve));
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #createHttp2(answer: (request: IncomingMessage, response: ServerResponse) => void): Http2Server {
    const { tls } = this.#options;
    const settings = {
      initialWindowSize: windowBytes,
      maxConcurrentStreams: maxStreams,
      maxHeaderListSize: maxHeaderBytes,
      enablePush: false,
    };
    const limits = { settings, maxSessionMemory: 64, streamResetBurst: maxResetsPerSecond, streamResetRate: maxResetsPerSecond };
    if (tls === undefined) return createServer(limits);
    const { cert, key, ca, requireClient = false } = tls;
    const server = createSecureServer({
      ...limits,
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(ca === undefined ? {} : { ca }),
      requestCert: requireClient,
      rejectUnauthorized: requireClient,
      allowHTTP1: true,
    });
    // A `request` of HTTP/1.1; those of HTTP/2 come as streams.
    server.on("request", (request, response) => {
      if (request.httpVersionMajor === 1) answer(request as unknown as IncomingMessage, response as unknown as ServerResponse);
    });
    return server;
  }

  /** Plain connections: HTTP/2 with prior knowledge, or HTTP/1.1, told apart by their first bytes. */
  #meet(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    socket.setNoDelay(true);
    socket.setTimeout(greetingTimeoutMs, () => socket.destroy());
    socket.once("readable", () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      socket.setTimeout(0);
      // Whoever takes the connection reads it from its start.
      socket.unshift(first);
      const isHttp2 = first.toString("latin1", 0, prefaceStart.length) === prefaceStart.slice(0, first.length);
      (isHttp2 ? this.#http2 : this.#http1).emit("connection", socket);
    });
  }

  #watch(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once("close", () => this.#sessions.delete(session));
    session.on("error", () => {});
    session.setLocalWindowSize(windowBytes * 16);
  }
}

/** Time for the first byte of a connection, in ms. */
const greetingTimeoutMs = 10_000;

function isGrpc({ "content-type": type, ":method": method }: IncomingHttpHeaders): boolean {
  return method === "POST" && type !== undefined && /^application\/grpc(?:[+;]|$)/.test(type);
}

function notGrpc(response: ServerResponse): void {
  response.writeHead(415, { "content-type": "text/plain" });
  response.end("this port speaks gRPC and gRPC-Web: POST with content-type application/grpc; HTTP calls go to the gate's HTTP port\n");
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): GateError {
  const reason =
    error.code === "EADDRINUSE"
      ? "is in use; stop the other program or choose another with grpc({ port })"
      : `cannot be opened: ${error.message}`;
  return new GateError("failed_precondition", `gRPC port ${port} on ${host} ${reason}`, { cause: error });
}
