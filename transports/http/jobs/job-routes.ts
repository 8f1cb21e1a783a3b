import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { GateError, type GateHost, Metadata, refusalOf, type StoredJob } from "unigate/transport";
import { HttpReply } from "../http-reply.ts";
import { requestIdOf, wantsEvents } from "../request-job.ts";
import { keyOf } from "../request-key.ts";
import { jobPage, typeOf } from "./job-page.ts";
import { preferenceOf } from "./preference.ts";
import { showReply } from "./show-reply.ts";

type JobRequest = FastifyRequest<{ Params: { id: string } }>;

/**
 * The pages of kept jobs: `GET /jobs/:id` shows one, and waits with `Prefer: wait`; `GET /jobs/:id/result` gives what the call would have
 * given; `DELETE /jobs/:id` cancels. Whoever may call may ask: an id cannot be guessed.
 */
export function addJobRoutes(app: FastifyInstance, prefix: string, gate: GateHost): void {
  const forCallers = {
    onRequest: (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void =>
      done(refusalOf(gate.identify(keyOf(request.raw).key), "call")),
  };
  const page = (reply: FastifyReply, job: StoredJob): FastifyReply => reply.type("application/json").send(jobPage(job));

  app.get(`${prefix}/jobs/:id`, forCallers, async (request: JobRequest, reply) => {
    const waitMs = preferenceOf(request.raw, false)?.waitMs ?? 0;
    const { id } = request.params;
    return page(reply, waitMs > 0 ? await gate.jobs.whenEnded(id, waitMs) : await gate.jobs.get(id));
  });

  app.delete(`${prefix}/jobs/:id`, forCallers, async (request: JobRequest, reply) =>
    page(reply, await gate.jobs.cancel(request.params.id)),
  );

  app.get(`${prefix}/jobs/:id/result`, forCallers, async (request: JobRequest, reply) => {
    const job = await gate.jobs.get(request.params.id);
    if (job.state === "waiting" || job.state === "running")
      throw new GateError("not_found", `job ${job.id} is ${job.state}; its result is not there yet`, { details: { state: job.state } });
    const sink = new HttpReply({
      response: reply.raw,
      requestId: requestIdOf(request.raw),
      isHead: request.method === "HEAD",
      accept: job.reply === undefined ? job.accept : typeOf(job.reply, job.accept),
      wantsEvents: wantsEvents(request.raw),
      clock: gate.clock,
      isDraining: () => !gate.status.isReady(),
    });
    showReply(withoutCookies(job), sink);
    return reply.hijack();
  });
}

/** Whoever polls need not be the one whom the worker meant. */
function withoutCookies(job: StoredJob): StoredJob {
  if (job.reply === undefined) return job;
  const head = [...Metadata.fromFlat(job.reply.head)].filter(([key]) => key !== "set-cookie").flat();
  return { ...job, reply: { ...job.reply, head } };
}
