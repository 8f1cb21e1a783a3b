import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { keyOf } from "./request-key.ts";
import type { GateHost, GateStatus } from "unigate/transport";

const pages: Readonly<Record<string, (status: GateStatus) => unknown>> = {
  "/info": (status) => status.info(),
  "/routes": (status) => status.routes(),
  "/workers": (status) => status.workers(),
  "/queues": (status) => status.queues(),
};

const docsPages = ["/openapi.json", "/docs"];

/** What `GET /` shows where no worker has bound it: where to go next. `docs` tells whether there are pages about what is served. */
export function frontPage(prefix: string, docs: boolean): object {
  return {
    gate: "this is a gate; it brings calls to workers",
    call: `POST ${prefix}/call/Service.method`,
    pages: ["/health", "/ready", "/services", ...Object.keys(pages), ...(docs ? docsPages : [])].map((path) => prefix + path),
    next: `${prefix}/services lists what can be called; \`gate --help\` and transports/http/README.md tell the rest`,
  };
}

/** The HTTP methods of one of the gate's own paths; none for any other path. */
export function ownMethodsOf(prefix: string, path: string, docs: boolean): string[] {
  if (!path.startsWith(prefix)) return [];
  const own = path.slice(prefix.length);
  if (/^\/call\/[^/]+$/.test(own)) return ["POST"];
  if (/^\/jobs\/[^/]+$/.test(own)) return ["GET", "DELETE"];
  if (/^\/jobs\/[^/]+\/result$/.test(own)) return ["GET"];
  if (own === "/register") return ["POST", "DELETE"];
  if (docs && docsPages.includes(own)) return ["GET"];
  const isPage = ["/health", "/ready", "/services"].includes(own) || Object.hasOwn(pages, own) || /^\/service\/[^/]+$/.test(own);
  return isPage ? ["GET"] : [];
}

/** Adds the gate's own routes: what is alive, what is served, who waits. */
export function addControlRoutes(app: FastifyInstance, prefix: string, gate: GateHost): void {
  const { status } = gate;
  // Probes of a load balancer have no key; everything that tells of services and workers wants one.
  const guarded = {
    onRequest: (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
      gate.identify(keyOf(request.raw).key);
      done();
    },
  };
  app.get(`${prefix}/health`, () => ({ status: "ok" }));
  app.get(`${prefix}/ready`, (_request, reply) => {
    const isReady = status.isReady();
    return reply.code(isReady ? 200 : 503).send({ ready: isReady });
  });
  for (const [path, page] of Object.entries(pages)) app.get(prefix + path, guarded, () => page(status));
}
