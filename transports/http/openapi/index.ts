/** The OpenAPI document of a gate, and a page that shows it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { GateHost } from "unigate/transport";
import type { HttpCalls } from "../calls.ts";
import { keyOf } from "../request-key.ts";
import { openapiDocument } from "./document.ts";

/** What the document tells of. */
export interface OpenapiHost {
  /** Of the gate's own paths. */
  prefix: string;
  gate: GateHost;
  calls: HttpCalls;
}

/** Adds `/openapi.json`, made anew for each request, and `/docs`, whose libraries load with the first. */
export function addOpenapi(app: FastifyInstance, { prefix, gate, calls }: OpenapiHost): void {
  const { name, version } = gate.status.info();
  const document = (request: FastifyRequest): Record<string, unknown> => {
    gate.identify(keyOf(request.raw).key);
    return openapiDocument({
      name,
      version,
      prefix,
      methods: gate.methods(),
      bindings: calls.bindings.bound,
      isLocked: gate.isLocked,
      isPublic: (target) => gate.isPublic(target),
    });
  };
  app.get(`${prefix}/openapi.json`, (request) => document(request));

  let page: Promise<FastifyInstance> | undefined;
  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    page ??= import("./docs-page.ts").then(({ createDocsPage }) => createDocsPage({ path: `${prefix}/docs`, title: name, document }));
    const shown = await page;
    void reply.hijack();
    shown.routing(request.raw, reply.raw);
  };
  app.get(`${prefix}/docs`, show);
  app.get(`${prefix}/docs/*`, show);
  app.addHook("onClose", async () => {
    await (await page)?.close();
  });
}
