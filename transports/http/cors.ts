import type { FastifyInstance } from "fastify";

/** Which pages of other origins may call, from a browser, over HTTP and over WebSocket links. */
export interface CorsOptions {
  /** `"https://app.example"`, a list of such, or `true` for every page. */
  origin: true | string | readonly string[];
}

/** Tells whether the page of a WebSocket's `Origin` is one of those that `cors` names. */
export function isAllowedOrigin(cors: CorsOptions | undefined, origin: string | undefined): boolean {
  return cors !== undefined && origin !== undefined && (cors.origin === true || [cors.origin].flat().includes(origin));
}

const exposed = "x-request-id, x-worker-id, retry-after";
const preflightSeconds = "600";

/** Answers preflight requests, and marks the replies to pages of `origin` as readable by them. Credentials are never allowed. */
export function addCors(app: FastifyInstance, { origin }: CorsOptions): void {
  const allowed = origin === true ? undefined : new Set([origin].flat());
  app.addHook("onRequest", (request, reply, done) => {
    // On the raw response: replies of jobs are written past fastify.
    const { raw } = reply;
    if (allowed !== undefined) raw.setHeader("vary", "origin");
    const asking = request.headers.origin;
    if (asking === undefined || allowed?.has(asking) === false) return done();
    raw.setHeader("access-control-allow-origin", allowed === undefined ? "*" : asking);
    raw.setHeader("access-control-expose-headers", exposed);
    const method = request.headers["access-control-request-method"];
    if (request.method !== "OPTIONS" || method === undefined) return done();
    raw.setHeader("access-control-allow-methods", method);
    raw.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "content-type");
    raw.setHeader("access-control-max-age", preflightSeconds);
    void reply.code(204).send();
  });
}
