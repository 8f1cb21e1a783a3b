import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from "node:http";
import type { Server as SecureServer } from "node:https";
import { Server as TcpServer } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { type Address, type Door, GateError, type GateHost, type MethodInfo, type PoolFigures } from "unigate/transport";
import { BodyMemory } from "./body-memory.ts";
import { type Call, HttpCalls } from "./calls.ts";
import { type BodyBounds, isMediaType, plainTarget, readWhole } from "./direct-request.ts";
import type { ReplyTarget } from "./http-reply.ts";
import { Ingress } from "./ingress/ingress.ts";
import type { IncomingHead } from "./ingress/request-head.ts";
import type { SocketResponse } from "./ingress/socket-response.ts";
import { acceptLinks, type LinkServer } from "./link.ts";
import { answerMalformed } from "./malformed.ts";
import { type HttpSettings, purpose } from "./options.ts";
import { toProblem } from "./problem.ts";
import { OpenResponses } from "./open-responses.ts";
import { PassThrough } from "./pass-through.ts";
import { createForwarding, type ForwardedRequest } from "./proxy/forwarded.ts";
import { createProxyingServer } from "./proxying-server.ts";
import { type SharedRegistry, shareRegistry } from "./registry/shared-registry.ts";
import { type RequestHead, requestIdOf } from "./request-job.ts";
import { addRoutes, answerFault } from "./routes.ts";
import { followCertificate, loadCertificate } from "./tls.ts";

/** How long a door that closes waits for replies that are still being read, in ms. */
const lastRepliesMs = 5000;

/** A body up to here is waited for before anybody looks at its request. */
const mostWholeBytes = 64 * 1024;

/** Between two looks at connections that are idle or late, in ms, at most. */
const longestLookMs = 2000;

/** Listens for HTTP. Rejects with `failed_precondition` when it cannot. */
export async function openServer(settings: HttpSettings, gate: GateHost): Promise<Door> {
  const door = new HttpDoor(settings, gate);
  await door.open();
  return door;
}

class HttpDoor implements Door {
  addresses: readonly Address[] = [];
  readonly #settings: HttpSettings;
  readonly #gate: GateHost;
  readonly #app: FastifyInstance;
  readonly #calls: HttpCalls;
  readonly #callPrefix: string;
  readonly #shared: SharedRegistry;
  readonly #bodies: BodyBounds;
  readonly #ingress: Ingress;
  /** Nothing but fastify could add to the requests and replies of calls. */
  readonly #hasShortcut: boolean;
  readonly #responses = new OpenResponses();
  #links: LinkServer | undefined;
  readonly #passThrough: PassThrough;
  /** Ends the looks at the files of the certificate. */
  #unfollow: () => void = () => {};
  #isDraining = false;

  readonly #asksToClose = (): boolean => this.#isDraining;

  constructor(settings: HttpSettings, gate: GateHost) {
    this.#settings = settings;
    this.#gate = gate;
    this.#calls = new HttpCalls(gate, settings.control, this.#asksToClose);
    this.#callPrefix = `${settings.control}/call/`;
    this.#hasShortcut = settings.cors === undefined && settings.trustProxy === false;
    this.#bodies = { limit: settings.bodyLimit, memory: new BodyMemory(settings.bodyMemory) };
    const http = slowRequests(settings.requestTimeoutMs);
    this.#shared = shareRegistry(gate);
    this.#ingress = new Ingress({
      clock: gate.clock,
      lookEveryMs: Math.min(http.connectionsCheckingInterval, longestLookMs),
      mostBodyBytes: Math.min(settings.bodyLimit, mostWholeBytes),
      take: (request, body, response) => this.#take(request, body, response),
      isDraining: this.#asksToClose,
    });
    this.#passThrough = this.#createPassThrough();
    this.#app = fastify({
      serverFactory: (others: RequestListener) => this.#createServer(http, others),
      bodyLimit: settings.bodyLimit,
      trustProxy: settings.trustProxy,
      forceCloseConnections: true,
      routerOptions: { maxParamLength: 1024 },
      clientErrorHandler: answerMalformed,
      frameworkErrors: answerFault(settings),
      schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    });
    addRoutes(this.#app, {
      gate,
      settings,
      bodies: this.#bodies.memory,
      registry: this.#shared.registry,
      calls: this.#calls,
      call: (request, response, call) => this.#call(request, response, call),
    });
  }

  async open(): Promise<void> {
    try {
      if (this.#settings.proxy !== undefined) await this.#passThrough.open(this.#settings.proxy);
      await this.#listen();
    } catch (error) {
      await this.#passThrough.close();
      await this.#shared.release();
      throw error;
    }
  }

  async #listen(): Promise<void> {
    const { host, port } = this.#settings;
    try {
      const url = await this.#app.listen({ host, port });
      const { control, cors, tls } = this.#settings;
      this.#links = acceptLinks(this.#app.server, `${control}/link`, this.#gate, cors, (...upgrade) =>
        this.#passThrough.upgrade(...upgrade),
      );
      this.addresses = [{ url: tls === undefined ? url : url.replace("http", "https"), purpose }];
    } catch (error) {
      throw listenError(error, host, port);
    }
  }

  refusal(method: MethodInfo): string | undefined {
    return this.#calls.refusal(method);
  }

  /** Proxied routes, by their path. */
  details(): Record<string, unknown> | undefined {
    const pools = this.pools().map(({ name, size, limit, servers }) => [name, { size, limit, servers }] as const);
    return pools.length === 0 ? undefined : { upstreams: Object.fromEntries(pools) };
  }

  pools(): PoolFigures[] {
    return this.#passThrough.pools();
  }

  async drain(): Promise<void> {
    const { server } = this.#app;
    if (this.#isDraining) return;
    this.#isDraining = true;
    // A door that goes while its gate stays: another one may have the same servers.
    if (this.#gate.status.isReady()) this.#passThrough.retire();
    // New requests on connections that outlive the drain; replies under way ask for themselves.
    server.prependListener("request", (_request: IncomingMessage, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    });
    // Not the close of an HTTP server: that one takes a connection for idle while the end of its reply is still on its way.
    TcpServer.prototype.close.call(server);
    await this.#sent();
    server.closeIdleConnections();
    this.#ingress.closeIdle();
  }

  async close(): Promise<void> {
    void this.drain();
    this.#links?.close();
    const { promise: patience, resolve: giveUp } = Promise.withResolvers<void>();
    const timer = this.#gate.clock.after(lastRepliesMs, giveUp);
    await Promise.race([this.#sent(), patience]);
    timer.clear();
    this.#unfollow();
    this.#app.server.closeAllConnections();
    this.#ingress.closeAll();
    await this.#app.close();
    await this.#passThrough.close();
    await this.#shared.release();
  }

  /** Jobs whose body is small and plain need nothing of what fastify does for a request; everything else goes its way. */
  #shortened(others: RequestListener): RequestListener {
    if (!this.#hasShortcut) return others;
    return (request, response) => {
      if (!this.#callDirectly(request, response)) others(request, response);
    };
  }

  #callDirectly(request: IncomingMessage, response: ServerResponse): boolean {
    const plain = this.#plainCall(request);
    if (plain === undefined) return false;
    return readWhole(request, this.#bodies, (body) => {
      this.#responses.add(response);
      this.#answer(request, response, { ...plain, body });
    });
  }

  /** Takes a request of the ingress. */
  #take(request: IncomingHead, body: Buffer, response: SocketResponse): boolean {
    if (this.#passThrough.handleWhole(request, body, response)) return true;
    const plain = this.#hasShortcut ? this.#plainCall(request) : undefined;
    if (plain === undefined) return false;
    this.#answer(request, response, { ...plain, body });
    return true;
  }

  #plainCall(request: ForwardedRequest): Omit<Call, "body"> | undefined {
    const target = plainTarget(request, this.#callPrefix);
    const bound = target === undefined ? this.#calls.find(request) : undefined;
    const called = target ?? bound?.target;
    if (called === undefined || !isMediaType(request.headers["content-type"])) return undefined;
    return { target: called, remote: request.socket.remoteAddress ?? "", bound };
  }

  #answer(request: RequestHead, response: ReplyTarget, call: Call): void {
    try {
      this.#calls.call(request, response, call);
    } catch (error) {
      const { status, headers, body } = toProblem(GateError.from(error), requestIdOf(request));
      response.writeHead(status, headers);
      response.end(body);
    }
  }

  async #sent(): Promise<void> {
    await Promise.all([this.#responses.sent(), this.#ingress.sent()]);
  }

  #createPassThrough(): PassThrough {
    return new PassThrough({
      host: {
        gate: this.#gate,
        forwarding: createForwarding(this.#settings.trustProxy),
        via: this.#calls.via,
        bodyIdleMs: this.#settings.requestTimeoutMs,
        isDraining: this.#asksToClose,
        responses: this.#responses,
      },
      control: this.#settings.control,
      registry: this.#shared.registry,
      bindings: () => this.#calls.bindings,
    });
  }

  #createServer(http: ServerOptions, others: RequestListener): Server {
    const proxies = (request: IncomingMessage, response: ServerResponse): boolean => this.#passThrough.handle(request, response);
    const { requestTimeoutMs, tls } = this.#settings;
    const { clock, logger } = this.#gate;
    const certificate = tls === undefined ? undefined : loadCertificate(tls);
    const server = createProxyingServer({ http, certificate, clock, requestTimeoutMs, proxies }, this.#shortened(others));
    if (tls !== undefined) this.#unfollow = followCertificate(tls, server as SecureServer, clock, logger);
    this.#ingress.standBefore(server, tls === undefined ? "connection" : "secureConnection");
    // fastify does this for the servers that it makes itself.
    server.on("clientError", answerMalformed);
    return server;
  }

  #call(request: IncomingMessage, response: ServerResponse, call: Call): void {
    this.#responses.add(response);
    this.#calls.call(request, response, call);
  }
}

/** Methods check their own arguments, so no route has a schema: the hundred modules that compile such stay unloaded. */
function noSchemas(): never {
  throw new GateError("internal", "a route of the HTTP door has a schema for fastify");
}

/**
 * Node looks for slow requests every 30 s unless told otherwise, and takes the smaller of the two limits for the head and the larger for
 * the whole: without both, a short `requestTimeout` would not hold. With none, the head still has a minute.
 */
function slowRequests(timeoutMs: number): { headersTimeout: number; connectionsCheckingInterval: number } {
  const headersTimeout = timeoutMs === 0 ? 60_000 : Math.min(timeoutMs, 60_000);
  return { headersTimeout, connectionsCheckingInterval: Math.max(50, Math.ceil(headersTimeout / 4)) };
}

function listenError(error: unknown, host: string, port: number): GateError {
  const { code } = error as { code?: string };
  const reason =
    code === "EADDRINUSE"
      ? `is in use; stop the other program or choose another with http({ port })`
      : `cannot be opened: ${GateError.from(error).message}`;
  return new GateError("failed_precondition", `HTTP port ${port} on ${host} ${reason}`, { cause: error });
}
