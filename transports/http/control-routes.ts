import type { FastifyInstance, FastifyReply } from "fastify";
import { GateError, type GateStatus } from "unigate/transport";
import { toProblem } from "./problem.ts";

/** Adds the gate's own routes: what is alive, what is served, who waits. */
export function addControlRoutes(app: FastifyInstance, prefix: string, status: GateStatus): void {
  app.get(`${prefix}/health`, () => ({ status: "ok" }));
  app.get(`${prefix}/ready`, (_request, reply) => {
    const isReady = status.isReady();
    return reply.code(isReady ? 200 : 503).send({ ready: isReady });
  });
  app.get(`${prefix}/info`, () => status.info());
  app.get(`${prefix}/routes`, () => status.routes());
  app.get(`${prefix}/services`, () => status.services());
  app.get(`${prefix}/workers`, () => status.workers());
  app.get(`${prefix}/queues`, () => status.queues());
  app.get<{ Params: { name: string } }>(`${prefix}/service/:name`, (request, reply) => {
    const { name } = request.params;
    const service = status.services().find((one) => one.name === name);
    return (
      service ?? problem(reply, new GateError("not_found", `no service ${JSON.stringify(name)}; ${prefix}/services shows those there are`))
    );
  });
}

function problem(reply: FastifyReply, error: GateError): FastifyReply {
  const { status, headers, body } = toProblem(error, undefined);
  return reply.code(status).headers(headers).send(body);
}
