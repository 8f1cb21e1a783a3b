import type { FastifyInstance, FastifyRequest } from "fastify";
import { GateError } from "unigate/transport";
import { toProblem } from "../problem.ts";
import { requestIdOf } from "../request-job.ts";

/** What the page about a document stands on. */
export interface DocsPageOptions {
  /** Where it is: `/docs`. */
  path: string;
  title: string;
  /** What it shows; throws what refuses whoever asks. */
  document: (request: FastifyRequest) => Record<string, unknown>;
}

/** Makes the page that shows a document and tries its operations; its libraries load with it. */
export async function createDocsPage({ path, title, document }: DocsPageOptions): Promise<FastifyInstance> {
  const [{ default: fastify }, { default: swagger }, { default: swaggerUi }] = await Promise.all([
    import("fastify"),
    import("@fastify/swagger"),
    import("@fastify/swagger-ui"),
  ]);
  const app = fastify();
  app.setErrorHandler((error, request, reply) => {
    const { status, headers, body } = toProblem(GateError.from(error), requestIdOf(request.raw));
    void reply.code(status).headers(headers).send(body);
  });
  app.setNotFoundHandler(() => {
    throw new GateError("not_found", `there is no such file; the page is ${path}`);
  });
  await app.register(swagger, {
    mode: "static",
    specification: { document: { openapi: "3.1.0", info: { title, version: "" }, paths: {} } },
  });
  await app.register(swaggerUi, {
    routePrefix: path,
    theme: { title },
    uiConfig: {
      layout: "BaseLayout",
      tryItOutEnabled: true,
      defaultModelsExpandDepth: 0,
      requestInterceptor: withKey as never,
      responseInterceptor: askForKey as never,
    },
    transformSpecification: (_none, request) => document(request),
    transformSpecificationClone: false,
  });
  await app.ready();
  return app;
}

// What the two functions below find in the page: they run there, sent as text.
declare const location: { reload(): void };
declare function prompt(question: string): string | null;

/** What the page fetches brings the key that it has asked for. */
function withKey(request: { headers: Record<string, string> }): unknown {
  const key = sessionStorage.getItem("gate-key");
  if (key !== null) request.headers["x-gate-key"] = key;
  return request;
}

/** A document that wants a key is asked for again, with one. */
function askForKey(response: { status: number; url: string }): unknown {
  if (response.status !== 401 || !response.url.endsWith("/docs/json")) return response;
  const key = prompt("This gate has keys. Yours, kept until this page is closed:");
  if (key === null || key === "") return response;
  sessionStorage.setItem("gate-key", key);
  location.reload();
  return response;
}
