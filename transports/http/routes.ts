import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { GateError, type GateHost } from "unigate/transport";
import { type BodyMemory, limitBodies } from "./body-memory.ts";
import type { Match } from "./bindings.ts";
import { addControlRoutes, frontPage, ownMethodsOf } from "./control-routes.ts";
import { addCors } from "./cors.ts";
import { codeOfStatus } from "./http-status.ts";
import { addJobRoutes } from "./jobs/job-routes.ts";
import type { Call, HttpCalls } from "./calls.ts";
import type { HttpSettings } from "./options.ts";
import { addOpenapi } from "./openapi/index.ts";
import { pageAt, sendPage } from "./plugin-pages.ts";
import { toProblem } from "./problem.ts";
import { addRegistryRoutes } from "./registry/registry-routes.ts";
import type { ServiceRegistry } from "./registry/service-registry.ts";
import { requestIdOf } from "./request-job.ts";

const noBody = Buffer.alloc(0);

/** What the routes of a gate stand on. */
export interface RoutesHost {
  gate: GateHost;
  settings: Pick<HttpSettings, "bodyLimit" | "control" | "cors" | "docs" | "heartbeatMs">;
  bodies: BodyMemory;
  registry: ServiceRegistry;
  calls: HttpCalls;
  /** Calls what a request asks for, whose body has arrived; throws when it is refused. */
  call: (request: IncomingMessage, response: ServerResponse, call: Call) => void;
}

/** Adds everything that a gate answers: calls, its own pages, bound routes, and problems for the rest. */
export function addRoutes(app: FastifyInstance, host: RoutesHost): void {
  const { gate, settings, registry } = host;
  const { control, cors, docs, heartbeatMs } = settings;
  if (cors !== undefined) addCors(app, cors);
  // Bodies are bytes here: whoever serves the job decodes them.
  app.removeAllContentTypeParsers();
  limitBodies(app, host.bodies);
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setErrorHandler(answerFault(settings));
  app.post<{ Params: { target: string } }>(`${control}/call/:target`, (request, reply) => {
    call(host, request, reply, request.params.target);
  });
  addControlRoutes(app, control, gate);
  addRegistryRoutes(app, { prefix: control, gate, registry, heartbeatMs });
  addJobRoutes(app, control, gate);
  if (docs) addOpenapi(app, { prefix: control, gate, calls: host.calls });
  app.setNotFoundHandler((request, reply) => answerBound(host, request, reply));
}

/** Answers what went wrong before a request became a job, in fastify or here. */
export function answerFault({ bodyLimit }: Pick<HttpSettings, "bodyLimit">) {
  return (error: Error & { statusCode?: number; code?: string }, request: FastifyRequest, reply: FastifyReply): void => {
    if (GateError.is(error)) return refuse(error, request, reply);
    const isTooLarge = error.code === "FST_ERR_CTP_BODY_TOO_LARGE";
    const status = isTooLarge ? 413 : (error.statusCode ?? 500);
    const message = isTooLarge ? `the body is larger than bodyLimit, ${bodyLimit} bytes` : error.message;
    refuse(new GateError(codeOfStatus(status), message, { cause: error, retryable: false }), request, reply, status);
  };
}

/** Everything that is not the gate's own: a bound route, or nothing. */
function answerBound(host: RoutesHost, request: FastifyRequest, reply: FastifyReply): void {
  const path = request.raw.url ?? "/";
  const { bindings } = host.calls;
  const match = bindings.find(request.method, path);
  if (match !== undefined) return call(host, request, reply, match.target, match);
  const { method } = request;
  const { control, docs } = host.settings;
  const bare = path.split(/[?#]/, 1)[0] ?? path;
  const page = pageAt(host.gate, control, bare);
  if (page !== undefined && (method === "GET" || method === "HEAD")) return sendPage(page, host.gate, request, reply);
  const methods = [...(page === undefined ? ownMethodsOf(control, bare, docs) : ["GET"]), ...bindings.methodsOf(path)];
  const isFront = methods.length === 0 && (bare === "/" || bare === control || bare === `${control}/`);
  if (isFront && (method === "GET" || method === "HEAD")) return void reply.send(frontPage(control, docs));
  if (methods.length === 0) {
    const error = new GateError("not_found", `nothing is bound to ${method} ${bare}; ${control}/services shows what is`);
    return refuse(error, request, reply);
  }
  void reply.header("allow", methods.join(", "));
  if (method === "OPTIONS") void reply.code(204).send();
  else refuse(new GateError("not_found", `${bare} takes ${methods.join(", ")}, not ${method}`), request, reply, 405);
}

function call(host: RoutesHost, request: FastifyRequest, reply: FastifyReply, target: string, bound?: Match): void {
  const body = (request.body as Buffer | undefined) ?? noBody;
  host.call(request.raw, reply.raw, { body, target, remote: request.ip, bound });
  // From here on the response is ours: fastify would buffer and serialise what is already bytes.
  reply.hijack();
}

function refuse(error: GateError, request: FastifyRequest, reply: FastifyReply, as?: number): void {
  const { status, headers, body } = toProblem(error, requestIdOf(request.raw), as);
  void reply.code(status).headers(headers).send(body);
}
