import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from "node:http";
import { Server as TcpServer } from "node:net";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type Address, type Door, GateError, type GateHost, type MethodInfo } from "unigate/transport";
import { BodyMemory, limitBodies } from "./body-memory.ts";
import { Bindings, type Match } from "./bindings.ts";
import { addControlRoutes, frontPage, ownMethodsOf } from "./control-routes.ts";
import { addCors } from "./cors.ts";
import { type BodyBounds, isMediaType, plainTarget, readWhole } from "./direct-request.ts";
import { HttpReply } from "./http-reply.ts";
import { codeOfStatus } from "./http-status.ts";
import { acceptLinks, type LinkServer } from "./link.ts";
import { answerMalformed } from "./malformed.ts";
import { refuseLoop, viaOf } from "./loop.ts";
import { type HttpSettings, purpose } from "./options.ts";
import { toProblem } from "./problem.ts";
import { OpenResponses } from "./open-responses.ts";
import { PassThrough } from "./pass-through.ts";
import { pageAt, sendPage } from "./plugin-pages.ts";
import { createForwarding } from "./proxy/forwarded.ts";
import { createProxyingServer } from "./proxying-server.ts";
import { addRegistryRoutes } from "./registry/registry-routes.ts";
import { type SharedRegistry, shareRegistry } from "./registry/shared-registry.ts";
import { admit } from "./request-key.ts";
import { type JobRequest, requestIdOf, toJob, wantsEvents } from "./request-job.ts";

const noBody = Buffer.alloc(0);
/** How long a door that closes waits for replies that are still being read, in ms. */
const lastRepliesMs = 5000;

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
  readonly #bindings: Bindings;
  readonly #callPrefix: string;
  readonly #shared: SharedRegistry;
  readonly #via: string;
  readonly #bodies: BodyBounds;
  #isStale = true;
  readonly #responses = new OpenResponses();
  #links: LinkServer | undefined;
  readonly #passThrough: PassThrough;
  #isDraining = false;

  readonly #asksToClose = (): boolean => this.#isDraining;

  constructor(settings: HttpSettings, gate: GateHost) {
    this.#settings = settings;
    this.#gate = gate;
    this.#bindings = new Bindings(settings.control, gate);
    this.#callPrefix = `${settings.control}/call/`;
    this.#bodies = { limit: settings.bodyLimit, memory: new BodyMemory(settings.bodyMemory) };
    const http = slowRequests(settings.requestTimeoutMs);
    this.#shared = shareRegistry(gate);
    this.#via = viaOf(gate.status.info().id);
    this.#passThrough = this.#createPassThrough();
    this.#app = fastify({
      serverFactory: (others: RequestListener) => this.#createServer(http, others),
      bodyLimit: settings.bodyLimit,
      trustProxy: settings.trustProxy,
      forceCloseConnections: true,
      routerOptions: { maxParamLength: 1024 },
      clientErrorHandler: answerMalformed,
      frameworkErrors: (error, request, reply) => this.#fault(error, request, reply),
    });
    if (settings.cors !== undefined) addCors(this.#app, settings.cors);
    this.#route();
    gate.onMethodsChanged(() => (this.#isStale = true));
  }

  /** The bound routes as of now: built anew on the first use after a change, not on each of a thousand changes. */
  #currentBindings(): Bindings {
    if (!this.#isStale) return this.#bindings;
    this.#isStale = false;
    for (const refusal of this.#bindings.replace(this.#gate.methods()))
      this.#gate.logger.warn("http binding left out", { reason: refusal });
    return this.#bindings;
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
      const { control, cors } = this.#settings;
      this.#links = acceptLinks(this.#app.server, `${control}/link`, this.#gate, cors, (...upgrade) =>
        this.#passThrough.upgrade(...upgrade),
      );
      this.addresses = [{ url, purpose }];
    } catch (error) {
      throw listenError(error, host, port);
    }
  }

  refusal(method: MethodInfo): string | undefined {
    return this.#currentBindings().refusal(method);
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
    await this.#responses.sent();
    server.closeIdleConnections();
  }

  async close(): Promise<void> {
    void this.drain();
    this.#links?.close();
    const { promise: patience, resolve: giveUp } = Promise.withResolvers<void>();
    const timer = this.#gate.clock.after(lastRepliesMs, giveUp);
    await Promise.race([this.#responses.sent(), patience]);
    timer.clear();
    this.#app.server.closeAllConnections();
    await this.#app.close();
    await this.#passThrough.close();
    await this.#shared.release();
  }

  #route(): void {
    const app = this.#app;
    // Bodies are bytes here: whoever serves the job decodes them.
    app.removeAllContentTypeParsers();
    limitBodies(app, this.#bodies.memory);
    app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => this.#fault(error, request, reply));
    const { control, heartbeatMs } = this.#settings;
    app.post<{ Params: { target: string } }>(`${control}/call/:target`, (request, reply) => {
      this.#callThroughFastify(request, reply, request.params.target);
    });
    addControlRoutes(app, control, this.#gate);
    addRegistryRoutes(app, { prefix: control, gate: this.#gate, registry: this.#shared.registry, heartbeatMs });
    app.setNotFoundHandler((request, reply) => this.#bound(request, reply));
  }

  /** Jobs whose body is small and plain need nothing of what fastify does for a request; everything else goes its way. */
  #shortened(others: RequestListener): RequestListener {
    if (this.#settings.cors !== undefined || this.#settings.trustProxy !== false) return others;
    return (request, response) => {
      if (!this.#callDirectly(request, response)) others(request, response);
    };
  }

  #callDirectly(request: IncomingMessage, response: ServerResponse): boolean {
    const target = plainTarget(request, this.#callPrefix);
    const match = target === undefined ? this.#currentBindings().find(request.method ?? "GET", request.url ?? "/") : undefined;
    const called = target ?? match?.target;
    if (called === undefined || !isMediaType(request.headers["content-type"])) return false;
    const remote = request.socket.remoteAddress ?? "";
    return readWhole(request, this.#bodies, (body) => {
      try {
        this.#call(request, response, { body, target: called, remote, bound: match });
      } catch (error) {
        const { status, headers, body: problem } = toProblem(GateError.from(error), requestIdOf(request));
        response.writeHead(status, headers).end(problem);
      }
    });
  }

  /** Everything that is not the gate's own: a bound route, or nothing. */
  #bound(request: FastifyRequest, reply: FastifyReply): void {
    const path = request.raw.url ?? "/";
    const bindings = this.#currentBindings();
    const match = bindings.find(request.method, path);
    if (match !== undefined) return this.#callThroughFastify(request, reply, match.target, match);
    const { method } = request;
    const { control } = this.#settings;
    const bare = path.split(/[?#]/, 1)[0] ?? path;
    const page = pageAt(this.#gate, control, bare);
    if (page !== undefined && (method === "GET" || method === "HEAD")) return sendPage(page, this.#gate, request, reply);
    const methods = [...(page === undefined ? ownMethodsOf(control, bare) : ["GET"]), ...this.#bindings.methodsOf(path)];
    const isFront = methods.length === 0 && (bare === "/" || bare === control || bare === `${control}/`);
    if (isFront && (method === "GET" || method === "HEAD")) return void reply.send(frontPage(control));
    if (methods.length === 0) {
      const error = new GateError("not_found", `nothing is bound to ${method} ${bare}; ${control}/services shows what is`);
      return this.#refuse(error, request, reply);
    }
    void reply.header("allow", methods.join(", "));
    if (method === "OPTIONS") void reply.code(204).send();
    else this.#refuse(new GateError("not_found", `${bare} takes ${methods.join(", ")}, not ${method}`), request, reply, 405);
  }

  #createPassThrough(): PassThrough {
    return new PassThrough({
      host: {
        gate: this.#gate,
        forwarding: createForwarding(this.#settings.trustProxy),
        via: this.#via,
        bodyIdleMs: this.#settings.requestTimeoutMs,
        isDraining: this.#asksToClose,
        responses: this.#responses,
      },
      control: this.#settings.control,
      registry: this.#shared.registry,
      bindings: () => this.#currentBindings(),
    });
  }

  #createServer(http: ServerOptions, others: RequestListener): Server {
    const proxies = (request: IncomingMessage, response: ServerResponse): boolean => this.#passThrough.handle(request, response);
    const { requestTimeoutMs } = this.#settings;
    const server = createProxyingServer({ http, clock: this.#gate.clock, requestTimeoutMs, proxies }, this.#shortened(others));
    // fastify does this for the servers that it makes itself.
    server.on("clientError", answerMalformed);
    return server;
  }

  #callThroughFastify(request: FastifyRequest, reply: FastifyReply, target: string, bound?: Match): void {
    const body = (request.body as Buffer | undefined) ?? noBody;
    this.#call(request.raw, reply.raw, { body, target, remote: request.ip, bound });
    // From here on the response is ours: fastify would buffer and serialise what is already bytes.
    reply.hijack();
  }

  #call(request: IncomingMessage, response: ServerResponse, call: Omit<JobRequest, "request" | "now" | "keyHeader">): void {
    refuseLoop(request, this.#via);
    const keyHeader = admit(this.#gate, request, call.target);
    const job = toJob({ request, now: this.#gate.clock.now(), keyHeader, ...call });
    this.#responses.add(response);
    const sink = new HttpReply({
      response,
      requestId: job.id,
      isHead: request.method === "HEAD",
      accept: job.accept,
      wantsEvents: wantsEvents(request),
      clock: this.#gate.clock,
      isDraining: this.#asksToClose,
    });
    sink.controlledBy(this.#gate.dispatch(job, sink));
  }

  #fault(error: Error & { statusCode?: number; code?: string }, request: FastifyRequest, reply: FastifyReply): void {
    const isTooLarge = error.code === "FST_ERR_CTP_BODY_TOO_LARGE";
    const status = isTooLarge ? 413 : (error.statusCode ?? 500);
    const message = isTooLarge ? `the body is larger than bodyLimit, ${this.#settings.bodyLimit} bytes` : error.message;
    if (GateError.is(error)) this.#refuse(error, request, reply);
    else this.#refuse(new GateError(codeOfStatus(status), message, { cause: error, retryable: false }), request, reply, status);
  }

  #refuse(error: GateError, request: FastifyRequest, reply: FastifyReply, as?: number): void {
    const { status, headers, body } = toProblem(error, requestIdOf(request.raw), as);
    void reply.code(status).headers(headers).send(body);
  }
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
