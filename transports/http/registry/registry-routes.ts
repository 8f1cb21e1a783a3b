import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { GateError, type GateHost, type Permission, refusalOf } from "unigate/transport";
import { codeOfStatus, httpStatus } from "../http-status.ts";
import { loopStatus } from "../loop.ts";
import { requestIdOf } from "../request-job.ts";
import { keyOf } from "../request-key.ts";
import { parseRegistration } from "./registration.ts";
import type { InstanceStatus, ServiceRegistry } from "./service-registry.ts";

/** What the pages of a registry need. */
export interface RegistryPages {
  /** Of the gate's own paths. */
  prefix: string;
  gate: GateHost;
  registry: ServiceRegistry;
  /** Between two heartbeats of an instance that names no interval of its own, in ms. */
  heartbeatMs: number;
}

/** Largest body of a registration, in bytes. */
const bodyLimit = 256 * 1024;

/**
 * The pages of a registry, in the envelope that its clients have always read: `{"code":200,"message":"OK","data":…}`, errors too.
 *
 * `data` has the instances that registered over HTTP; beside it stands what the gate knows of services of every kind.
 */
export function addRegistryRoutes(app: FastifyInstance, pages: RegistryPages): void {
  // A scope of its own, for an error handler of its own.
  void app.register((scope, _options, done) => {
    scope.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => refuse(error, request, reply));
    addPages(scope, pages);
    done();
  });
}

function addPages(app: FastifyInstance, { prefix, gate, registry, heartbeatMs }: RegistryPages): void {
  const forWorkers = { bodyLimit, onRequest: guard(gate, "work") };
  const forEveryone = { onRequest: guard(gate, undefined) };

  app.post(`${prefix}/register`, forWorkers, async (request) => {
    const registration = parseRegistration(bodyOf(request));
    registry.register(registration, heartbeatMs);
    const { name } = registration;
    return ok(byName([[name, registry.service(name) ?? []]]));
  });

  app.delete<{ Querystring: { name?: string; service?: string } }>(`${prefix}/register`, forWorkers, (request, reply) => {
    const { name, service } = withdrawn(request);
    if (!registry.withdraw(name, service)) throw new GateError("not_found", `${service} is not registered as ${name}`);
    return reply.send(ok(byName([[name, registry.service(name) ?? []]])));
  });

  app.get<{ Params: { name: string } }>(`${prefix}/service/:name`, forEveryone, (request, reply) => {
    const { name } = request.params;
    const service = gate.status.services().find((one) => one.name === name);
    const instances = registry.service(name);
    // The gate remembers services that nobody serves any more, so that their jobs may wait a moment.
    if (instances === undefined && (service?.workers ?? 0) === 0)
      throw new GateError("not_found", `nobody serves ${JSON.stringify(name)}; ${prefix}/services shows who serves what`);
    return reply.send({ ...service, ...ok(instances ?? []) });
  });

  app.get(`${prefix}/services`, forEveryone, () => ({ ...ok(byName(registry.services())), services: gate.status.services() }));
}

function ok(data: unknown): { code: number; message: string; data: unknown } {
  return { code: 200, message: "OK", data };
}

/** `fromEntries` defines properties: a service named `__proto__` is one as well. */
function byName(services: Iterable<[string, InstanceStatus[]]>): Record<string, InstanceStatus[]> {
  return Object.fromEntries(services);
}

function withdrawn(request: FastifyRequest<{ Querystring: { name?: string; service?: string } }>): { name: string; service: string } {
  const { name, service } = request.query;
  if (name === undefined && service === undefined) return parseRegistration(bodyOf(request));
  if (typeof name === "string" && typeof service === "string") return { name, service };
  throw new GateError("invalid_argument", "say which instance: ?name=calc_server&service=http://…, or the same as JSON");
}

function bodyOf({ body }: FastifyRequest): Uint8Array {
  return body instanceof Uint8Array ? body : Buffer.alloc(0);
}

function guard(gate: GateHost, permission: Permission | undefined) {
  return (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    const holder = gate.identify(keyOf(request.raw).key);
    const refusal = permission === undefined ? undefined : refusalOf(holder, permission);
    if (refusal !== undefined) throw refusal;
    done();
  };
}

function refuse(thrown: Error & { statusCode?: number }, request: FastifyRequest, reply: FastifyReply): void {
  const error = GateError.is(thrown) ? thrown : new GateError(codeOfStatus(thrown.statusCode ?? 500), thrown.message);
  const status = loopStatus(error) ?? thrown.statusCode ?? httpStatus(error.code);
  if (status === 401) void reply.header("www-authenticate", 'Bearer realm="gate"');
  void reply.code(status).header("x-request-id", requestIdOf(request.raw));
  void reply.send({ code: status, message: error.message, data: null, error: error.code });
}
