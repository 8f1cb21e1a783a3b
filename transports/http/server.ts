import type { IncomingMessage } from "node:http";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type Address, type Door, GateError, type GateHost, type MethodInfo } from "unigate/transport";
import { Bindings, type Match } from "./bindings.ts";
import { addControlRoutes } from "./control-routes.ts";
import { HttpReply } from "./http-reply.ts";
import { codeOfStatus } from "./http-status.ts";
import { acceptLinks, type LinkServer } from "./link.ts";
import type { HttpSettings } from "./options.ts";
import { toProblem } from "./problem.ts";
import { type RequestBinding, toJob, wantsEvents } from "./request-job.ts";

const noBody = Buffer.alloc(0);

/** Listens for HTTP. Rejects with `failed_precondition` when it cannot. */
export async function openServer(settings: HttpSettings, gate: GateHost): Promise<Door> {
  const door = new HttpDoor(settings, gate);
  await door.listen();
  return door;
}

class HttpDoor implements Door {
  addresses: readonly Address[] = [];
  readonly #settings: HttpSettings;
  readonly #gate: GateHost;
  readonly #app: FastifyInstance;
  readonly #bindings: Bindings;
  #links: LinkServer | undefined;

  constructor(settings: HttpSettings, gate: GateHost) {
    this.#settings = settings;
    this.#gate = gate;
    this.#bindings = new Bindings(settings.control);
    this.#app = fastify({
      bodyLimit: settings.bodyLimit,
      requestTimeout: settings.requestTimeoutMs,
      forceCloseConnections: true,
      exposeHeadRoutes: false,
      routerOptions: { maxParamLength: 1024 },
      clientErrorHandler: answerMalformed,
    });
    this.#route();
    const bind = (): void => {
      for (const refusal of this.#bindings.replace(gate.methods())) gate.logger.warn("http binding left out", { reason: refusal });
    };
    bind();
    gate.onMethodsChanged(bind);
  }

  async listen(): Promise<void> {
    const { host, port } = this.#settings;
    try {
      const url = await this.#app.listen({ host, port });
      this.#links = acceptLinks(this.#app.server, `${this.#settings.control}/link`, this.#gate);
      this.addresses = [{ url, purpose: "HTTP calls, and clients and workers over WebSocket" }];
    } catch (error) {
      throw listenError(error, host, port);
    }
  }

  refusal(method: MethodInfo): string | undefined {
    return this.#bindings.refusal(method);
  }

  async drain(): Promise<void> {
    this.#app.server.close();
    this.#app.server.closeIdleConnections();
  }

  async close(): Promise<void> {
    this.#links?.close();
    this.#app.server.closeAllConnections();
    await this.#app.close();
  }

  #route(): void {
    const app = this.#app;
    // Bodies are bytes here: whoever serves the job decodes them.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => this.#fault(error, request, reply));
    const { control } = this.#settings;
    app.post<{ Params: { target: string } }>(`${control}/call/:target`, (request, reply) => {
      this.#call(request, reply, request.params.target);
    });
    addControlRoutes(app, control, this.#gate.status);
    app.setNotFoundHandler((request, reply) => this.#bound(request, reply));
  }

  /** Everything that is not the gate's own: a bound route, or nothing. */
  #bound(request: FastifyRequest, reply: FastifyReply): void {
    const path = request.raw.url ?? "/";
    const end = path.search(/[?#]/);
    const bare = end < 0 ? path : path.slice(0, end);
    const match = this.#bindings.find(request.method, path);
    if (match !== undefined) return this.#call(request, reply, match.target, match);
    const methods = this.#bindings.methodsOf(path);
    const { status, headers, body } =
      methods.length === 0
        ? toProblem(
            new GateError("not_found", `nothing is bound to ${request.method} ${bare}; ${this.#settings.control}/services shows what is`),
            requestIdOf(request.raw),
          )
        : toProblem(
            new GateError("not_found", `${bare} takes ${methods.join(", ")}, not ${request.method}`),
            requestIdOf(request.raw),
            405,
          );
    if (methods.length > 0) headers["allow"] = methods.join(", ");
    if (request.method === "OPTIONS" && methods.length > 0) void reply.code(204).header("allow", methods.join(", ")).send();
    else void reply.code(status).headers(headers).send(body);
  }

  #call(request: FastifyRequest, reply: FastifyReply, target: string, match?: Match): void {
    const bound: RequestBinding | undefined = match;
    const job = toJob(request.raw, (request.body as Buffer | undefined) ?? noBody, target, this.#gate.clock.now(), bound);
    // From here on the response is ours: fastify would buffer and serialise what is already bytes.
    reply.hijack();
    const sink = new HttpReply({
      response: reply.raw,
      requestId: job.id,
      accept: job.accept,
      wantsEvents: wantsEvents(request.raw),
      clock: this.#gate.clock,
    });
    sink.controlledBy(this.#gate.dispatch(job, sink));
  }

  #fault(error: Error & { statusCode?: number; code?: string }, request: FastifyRequest, reply: FastifyReply): void {
    const isTooLarge = error.code === "FST_ERR_CTP_BODY_TOO_LARGE";
    const status = isTooLarge ? 413 : (error.statusCode ?? 500);
    const message = isTooLarge ? `the body is larger than bodyLimit, ${this.#settings.bodyLimit} bytes` : error.message;
    const gateError = GateError.is(error) ? error : new GateError(codeOfStatus(status), message, { cause: error, retryable: false });
    const problem = GateError.is(error)
      ? toProblem(gateError, requestIdOf(request.raw))
      : toProblem(gateError, requestIdOf(request.raw), status);
    void reply.code(problem.status).headers(problem.headers).send(problem.body);
  }
}

function requestIdOf(request: IncomingMessage): string | undefined {
  const id = request.headers["x-request-id"];
  return typeof id === "string" ? id : undefined;
}

/** What is not HTTP gets an answer that says so, and its connection is closed. */
function answerMalformed(error: Error & { code?: string }, socket: { writable: boolean; end(data: Buffer): void; destroy(): void }): void {
  if (!socket.writable || error.code === "ECONNRESET") return socket.destroy();
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const { headers, body } = toProblem(new GateError(codeOfStatus(status), `malformed request: ${error.message}`), undefined, status);
  const head = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Bad Request\r\nconnection: close\r\n${head.join("")}\r\n`), body]));
}

function listenError(error: unknown, host: string, port: number): GateError {
  const { code } = error as { code?: string };
  const reason =
    code === "EADDRINUSE"
      ? `is in use; stop the other program or choose another with http({ port })`
      : `cannot be opened: ${GateError.from(error).message}`;
  return new GateError("failed_precondition", `HTTP port ${port} on ${host} ${reason}`, { cause: error });
}
