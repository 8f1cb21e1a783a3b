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

/** The headers by which the page of `origin` may read a reply; for another page, those that keep a cache from mixing the two up. */
export function corsHeaders(cors: CorsOptions, origin: string | undefined): Record<string, string> {
  const vary: Record<string, string> = cors.origin === true ? {} : { vary: "origin" };
  if (!isAllowedOrigin(cors, origin)) return vary;
  return {
    ...vary,
    "access-control-allow-origin": cors.origin === true ? "*" : (origin as string),
    "access-control-expose-headers": exposed,
  };
}

/** Answers preflight requests, and marks the replies to pages of `origin` as readable by them. Credentials are never allowed. */
export function addCors(app: FastifyInstance, cors: CorsOptions): void {
  app.addHook("onRequest", (request, reply, done) => {
    // On the raw response: replies of jobs are written past fastify.
    const { raw } = reply;
    const headers = corsHeaders(cors, request.headers.origin);
    for (const [name, value] of Object.entries(headers)) raw.setHeader(name, value);
    const method = request.headers["access-control-request-method"];
    if (headers["access-control-allow-origin"] === undefined || request.method !== "OPTIONS" || method === undefined) return done();
    raw.setHeader("access-control-allow-methods", method);
    raw.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "content-type");
    raw.setHeader("access-control-max-age", preflightSeconds);
    void reply.code(204).send();
  });
}
