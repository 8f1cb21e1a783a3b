import type { FastifyReply, FastifyRequest } from "fastify";
import type { GateHost, Page } from "unigate/transport";
import { keyOf } from "./request-key.ts";

/** The page of a plugin at `path`, which has no query; undefined when there is none. */
export function pageAt(gate: Pick<GateHost, "page">, prefix: string, path: string): Page | undefined {
  return path.startsWith(prefix) ? gate.page(path.slice(prefix.length)) : undefined;
}

/** Answers with the page of a plugin. Throws `unauthenticated` where the gate has keys and the page is not public. */
export function sendPage(page: Page, gate: GateHost, request: FastifyRequest, reply: FastifyReply): void {
  if (!page.isPublic) gate.identify(keyOf(request.raw).key);
  page.read().then(
    ({ contentType, body }) => reply.header("content-type", contentType).send(body),
    (error: unknown) => reply.send(error),
  );
}
