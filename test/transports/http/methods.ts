import { currentJob, method, reply } from "unigate";
import { z } from "zod";

/** What the methods below did, for tests to look at. */
export const seen = { made: 0, isClosed: false };

/** Methods that answer in every way in which a method can, for callers over HTTP. */
export const methods = {
  echo: (...args: unknown[]) => args,
  value: (value: unknown) => value,
  add: method(
    { params: { a: z.number(), b: z.number().default(1) }, http: ["POST /add", "GET /add/:a", "PUT /add/:a/:b"] },
    ({ a, b }) => a + b,
  ),
  made: () => reply("<b>x</b>", { status: 201, headers: { "content-type": "text/html", "set-cookie": ["a=1", "b=2"], vary: "accept" } }),
  gone: () => reply(undefined, { status: 204 }),
  bytes: () => Buffer.from([0, 1, 255]),
  received: (body: Uint8Array) => ({ bytes: [...body], type: currentJob().metadata.get("content-type") }),
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
};
