import { createServer as createHttp1Server, type IncomingMessage, type Server as Http1Server, type ServerResponse } from "node:http";
import type { IncomingHttpHeaders } from "node:http2";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { type Address, type Door, GateError, type GateHost } from "unigate/transport";
import { H2Connection } from "./h2/connection.ts";
import { DuplexStream } from "./h2/duplex-stream.ts";
import { HeaderFields } from "./h2/header-fields.ts";
import { PageExchange } from "./h2/page-exchange.ts";
import { ErrorCode } from "./h2/protocol.ts";
import type { H2Stream } from "./h2/stream.ts";
import type { CallHandler } from "./messages/call-stream.ts";
import { toFlat } from "./messages/metadata-headers.ts";
import { ProxiedCall, type ProxyHandler } from "./messages/proxied-stream.ts";
import { statusTrailers } from "./messages/status-trailers.ts";
import { nativeMethods } from "./native/index.ts";
import { addressOf, defaultHost, defaultPort, type GrpcOptions } from "./options.ts";
import { loadProtos } from "./protos/load-protos.ts";
import { forwardCalls } from "./proxy/forwarded-call.ts";
import { Upstreams } from "./proxy/upstreams.ts";
import type { GrpcTls } from "./tls.ts";
import { serveWeb } from "./web/serve-web.ts";

/** The first bytes of every HTTP/2 connection. Source: RFC 9113 section 3.4. */
const prefaceStart = "PRI";

/** Listens for gRPC. Rejects with `failed_precondition` when it cannot, `invalid_argument` for protos that cannot be read. */
export async function openGrpcDoor(options: GrpcOptions, gate: GateHost): Promise<Door> {
  const protos = options.protos === undefined ? undefined : await loadProtos(options.protos);
  const upstreams = new Upstreams(gate, options.upstreams ?? {});
  const own = nativeMethods(gate, { ...(protos === undefined ? {} : { protos }), upstreams: () => upstreams.protos() });
  const forward = forwardCalls(gate, (headers) => upstreams.find(headers));
  const door = new GrpcDoor(options, { own, forward, now: () => gate.clock.now() });
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

/** What a door does with calls. */
interface CallHandlers {
  /** Methods of the gate itself, and of workers, by their path. */
  own: { get(path: string): CallHandler | undefined };
  /** Brings all others to where they are served. */
  forward: ProxyHandler;
  now: () => number;
}

class GrpcDoor {
  addresses: readonly Address[] = [];
  readonly #options: GrpcOptions;
  readonly #handlers: CallHandlers;
  readonly #answer: (request: IncomingMessage, response: ServerResponse) => void;
  readonly #http1: Http1Server;
  readonly #server: Server;
  readonly #connections = new Set<H2Connection>();
  readonly #sockets = new Set<Socket>();

  constructor(options: GrpcOptions, handlers: CallHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    const web = serveWeb((path) => handlers.own.get(path) ?? forwarded(handlers.forward), options.web);
    this.#answer = (request, response) => {
      if (!web(request, response)) notGrpc(response);
    };
    this.#http1 = createHttp1Server(this.#answer);
    this.#server = options.tls === undefined ? createTcpServer((socket) => this.#meet(socket)) : this.#secureServer(options.tls);
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
    for (const connection of this.#connections) connection.goAway();
    await new Promise((resolve) => setImmediate(resolve));
    for (const connection of this.#connections) connection.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #secureServer({ cert, key, ca, requireClient = false }: GrpcTls): Server {
    const options = {
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(ca === undefined ? {} : { ca }),
      requestCert: requireClient,
      rejectUnauthorized: requireClient,
      ALPNProtocols: ["h2", "http/1.1"],
    };
    return createTlsServer(options, (socket: TLSSocket) => {
      this.#keep(socket);
      if (socket.alpnProtocol === "h2") this.#speakHttp2(socket, false);
      else this.#http1.emit("connection", socket);
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    socket.setNoDelay(true);
  }

  /** Plain connections: HTTP/2 with prior knowledge, or HTTP/1.1, told apart by their first bytes. */
  #meet(socket: Socket): void {
    this.#keep(socket);
    socket.setTimeout(greetingTimeoutMs, () => socket.destroy());
    socket.once("readable", () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      socket.setTimeout(0);
      // Whoever takes the connection reads it from its start.
      socket.unshift(first);
      const isHttp2 = first.toString("latin1", 0, prefaceStart.length) === prefaceStart.slice(0, first.length);
      if (isHttp2) this.#speakHttp2(socket, true);
      else this.#http1.emit("connection", socket);
    });
  }

  #speakHttp2(socket: Socket, isPlain: boolean): void {
    const connection: H2Connection = new H2Connection(
      socket,
      { role: "server", isPlain, now: this.#handlers.now },
      {
        request: (stream, fields) => this.#serve(stream, fields),
        closed: () => this.#connections.delete(connection),
      },
    );
    this.#connections.add(connection);
    socket.on("data", (bytes: Buffer) => connection.read(bytes));
  }

  #serve(stream: H2Stream, fields: HeaderFields): void {
    if (fields.isTooLarge) return refuse(stream, "the headers are larger than this port takes");
    const { headers } = fields;
    if (!isGrpc(headers)) return new PageExchange(stream, fields).answerBy(this.#answer);
    const own = this.#handlers.own.get(headers[":path"] ?? "/");
    if (own === undefined) this.#handlers.forward(stream, headers);
    else own(new DuplexStream(stream), headers);
  }
}

function forwarded(forward: ProxyHandler): CallHandler {
  return (stream, headers) => forward(new ProxiedCall(stream), headers);
}

function refuse(stream: H2Stream, reason: string): void {
  const status = statusTrailers(new GateError("resource_exhausted", reason));
  stream.respond(new HeaderFields(toFlat({ ":status": 200, "content-type": "application/grpc", ...status })), true);
  stream.reset(ErrorCode.none);
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
