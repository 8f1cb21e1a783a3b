import { currentJob, defineService, method, reply } from "unigate";
import { createFetchHandler, type FetchConfig, type FetchHandler, type FetchOptions } from "unigate/fetch";
import { onTestFinished } from "vitest";
import { z } from "zod";

/** What the handlers below did. */
export const seen = { made: 0, isClosed: false, aborted: "", isWaiting: false };

/** Methods for callers without a port. */
export const service = defineService("t", {
  echo: (...args: unknown[]) => args,
  value: (value: unknown) => value,
  add: method({ params: { a: z.number(), b: z.number().default(1) }, http: ["POST /add", "GET /add/:a"] }, ({ a, b }) => a + b),
  made: () => reply("<b>x</b>", { status: 201, headers: { "content-type": "text/html", "set-cookie": ["a=1", "b=2"], vary: "accept" } }),
  gone: () => reply(undefined, { status: 204 }),
  bytes: () => Buffer.from([0, 1, 255]),
  received: (body: Uint8Array) => ({ bytes: [...body], type: currentJob().metadata.get("content-type") }),
  size: method({ http: "PUT /size" }, (body) => (body as Uint8Array).length),
  request: method({ http: "GET /request/:id" }, (_input, job) => ({
    method: job.http?.method,
    path: job.http?.path,
    params: job.http?.params,
    tags: job.http?.query.getAll("tag"),
    remote: job.metadata.get(":remote"),
    many: job.metadata.getAll("x-many"),
  })),
  async *count(to: number) {
    for (let at = 1; at <= to; at++) yield { at };
  },
  async *half() {
    yield 1;
    throw new Error("broke off");
  },
  async *endless() {
    seen.isClosed = false;
    seen.made = 0;
    try {
      for (;;) {
        seen.made++;
        yield "x".repeat(10_000);
      }
    } finally {
      seen.isClosed = true;
    }
  },
  broken: () => {
    throw new RangeError("out of cheese");
  },
  wait: () => {
    seen.isWaiting = true;
    currentJob().signal.addEventListener("abort", () => (seen.aborted = "yes"));
    return new Promise(() => {});
  },
});

/** A handler over the methods above, closed when the test is over. */
export function handlerOf(config: FetchConfig = {}, options: FetchOptions = {}): FetchHandler {
  const handler = createFetchHandler({ settle: 0, ...config }, { services: [service], ...options });
  onTestFinished(() => handler.close());
  return handler;
}

/** A POST of JSON to a path. */
export function post(path: string, body: unknown, init: RequestInit = {}): Request {
  const headers = { "content-type": "application/json", ...(init.headers as Record<string, string>) };
  return new Request(`http://gate.test${path}`, { method: "POST", body: JSON.stringify(body), ...init, headers });
}

/** A request without a body. */
export function ask(path: string, init: RequestInit = {}): Request {
  return new Request(`http://gate.test${path}`, init);
}
