import { createWorker, currentJob, defineService, type GateConfig, method, reply, type Worker } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { http } from "unigate/http";
import { createMemoryPair } from "unigate/transport";
import { onTestFinished } from "vitest";
import { z } from "zod";

/** What the handlers below did, for tests to look at. */
export const seen = { isClosed: false, made: 0, release: (): void => {} };

const service = defineService("t", {
  echo: (...args: unknown[]) => args,
  value: (value: unknown) => value,
  add: method(
    { params: { a: z.number(), b: z.number().default(1) }, http: ["POST /add", "GET /add/:a", "PUT /add/:a/:b"] },
    ({ a, b }) => a + b,
  ),
  made: () => reply("<b>x</b>", { status: 201, headers: { "content-type": "text/html", "set-cookie": ["a=1", "b=2"] } }),
  gone: () => reply(undefined, { status: 204 }),
  bytes: () => Buffer.from([0, 1, 255]),
  received: (body: Uint8Array) => ({ bytes: [...body], type: currentJob().metadata.get("content-type") }),
  upload: async (form: { name: string; file: File }) => ({ name: form.name, file: form.file.name, text: await form.file.text() }),
  request: method({ http: "GET /request/:id" }, (_input, job) => ({
    method: job.http?.method,
    params: job.http?.params,
    tags: job.http?.query.getAll("tag"),
    cookies: job.metadata.getAll("x-many"),
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
  slow: () => new Promise<string>((resolve) => (seen.release = () => resolve("done"))),
  wait: () => new Promise(() => {}),
});

/** A gate with an HTTP port and the worker above. */
export async function open(
  config: Partial<GateConfig> = {},
  options: Parameters<typeof http>[0] = {},
): Promise<{ gate: Gate; worker: Worker; url: string }> {
  const gate = createGate({ settle: 0, ...config, transports: [http({ port: 0, ...options })] });
  await gate.start();
  const worker = createWorker({ services: [service], id: "w1", open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  onTestFinished(async () => {
    await worker.close();
    await gate.close();
  });
  return { gate, worker, url: gate.addresses[0]!.url };
}

/** A link to the gate inside this process. */
export function memory(gate: Gate): ReturnType<typeof createMemoryPair>[0] {
  const [mine, theirs] = createMemoryPair();
  gate.accept(theirs);
  return mine;
}

/** A POST of JSON. */
export const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});
