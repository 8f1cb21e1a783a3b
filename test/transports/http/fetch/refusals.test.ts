import { createGate } from "unigate/gate";
import { createFetchHandler } from "unigate/fetch";
import type { Transport } from "unigate/transport";
import { describe, expect, it, onTestFinished } from "vitest";
import { ManualClock } from "../../../support/manual-clock.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { ask, handlerOf, post, service, waiting } from "./fetch-world.ts";

const problem = async (response: Response): Promise<unknown[]> => {
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  const { code, status } = (await response.json()) as { code: string; status: number };
  expect(status).toBe(response.status);
  return [status, code];
};
const put = (body: NonNullable<RequestInit["body"]>, headers: Record<string, string> = {}): Request =>
  ask("/size", { method: "PUT", body, duplex: "half", headers: { "content-type": "application/octet-stream", ...headers } });

describe("a fetch handler refuses", () => {
  it("what nobody serves, what nobody binds, and the wrong method", async () => {
    const handle = handlerOf();
    expect(await problem(await handle(post("/call/t.none", [])))).toEqual([404, "not_found"]);
    expect(await problem(await handle(ask("/nowhere")))).toEqual([404, "not_found"]);
    const wrong = await handle(ask("/add/1", { method: "DELETE" }));
    expect([wrong.headers.get("allow"), ...(await problem(wrong))]).toEqual(["GET", 405, "not_found"]);
    expect(await problem(await handle(post("/call/t.broken", [])))).toEqual([500, "unknown"]);
    expect(await problem(await handle(ask("/call/%ff", { method: "POST" })))).toEqual([400, "invalid_argument"]);
    expect(await problem(await handle(post("/call/t.echo", [], { headers: { "content-type": "nonsense" } })))).toEqual([
      415,
      "invalid_argument",
    ]);
    expect(await problem(await handle(post("/call/t.echo", [], { headers: { "x-timeout": "soon" } })))).toEqual([400, "invalid_argument"]);
  });

  it("a body that is too large, whether it says so or not, and takes one that just fits", async () => {
    const handle = handlerOf({}, { bodyLimit: 1000 });
    expect(await (await handle(put(new Uint8Array(1000)))).json()).toBe(1000);
    expect(await problem(await handle(put(new Uint8Array(1001))))).toEqual([413, "resource_exhausted"]);
    expect(await problem(await handle(put(ReadableStream.from([new Uint8Array(600), new Uint8Array(600)]))))).toEqual([
      413,
      "resource_exhausted",
    ]);
    expect(await problem(await handle(put("x", { "content-length": "5000" })))).toEqual([413, "resource_exhausted"]);
  });

  it("bodies that together exceed bodyMemory, and takes the next one once there is room", async () => {
    const handle = handlerOf({}, { bodyMemory: "1mb" });
    const body = new Uint8Array(900_000);
    const { promise: go, resolve } = Promise.withResolvers<void>();
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(body);
        await go;
        controller.close();
      },
    });
    const first = handle(put(slow));
    await eventuallyTrue("the first body came in", async () => (await handle(put(body))).status === 429);
    resolve();
    expect(await (await first).json()).toBe(900_000);
    expect(await (await handle(put(body))).json()).toBe(900_000);
  });

  it("a body that does not come", async () => {
    const clock = new ManualClock();
    const gate = createGate({ settle: 0, transports: [none] }, { clock });
    await gate.start();
    onTestFinished(() => gate.close());
    const handle = createFetchHandler(gate, { services: [service], requestTimeout: "5s" });
    onTestFinished(() => handle.close());
    await handle(ask("/health"));
    const answer = handle(put(new ReadableStream({})));
    let response: Response | undefined;
    void answer.then((one) => (response = one));
    await eventuallyTrue("the time was up", () => {
      clock.advance(1000);
      return response !== undefined;
    });
    expect(await problem(response!)).toEqual([408, "deadline_exceeded"]);
  });

  it("whoever has no key where the gate has keys", async () => {
    const handle = handlerOf({ keys: ["a-secret-of-the-web-app"], routes: { "t.value": { public: true } } });
    const refused = await handle(post("/call/t.echo", []));
    expect([refused.headers.get("www-authenticate"), ...(await problem(refused))]).toEqual(['Bearer realm="gate"', 401, "unauthenticated"]);
    expect((await handle(post("/call/t.echo", [], { headers: { "x-gate-key": "a-secret-of-the-web-app" } }))).status).toBe(200);
    expect((await handle(post("/call/t.value", [1]))).status).toBe(200);
    expect([(await handle(ask("/workers"))).status, (await handle(ask("/health"))).status]).toEqual([401, 200]);
  });

  it("a request that came through its gate before", async () => {
    const handle = handlerOf();
    const { id } = (await (await handle(ask("/info"))).json()) as { id: string };
    const response = await handle(post("/call/t.echo", [], { headers: { via: `1.1 gate-${id}` } }));
    expect(response.status).toBe(508);
  });
});

describe("a caller of a fetch handler that leaves", () => {
  it("ends the job, and its promise", async () => {
    const handle = handlerOf();
    waiting.aborted = "";
    waiting.isWaiting = false;
    const controller = new AbortController();
    const answer = handle(post("/call/t.wait", [], { signal: controller.signal }));
    await eventuallyTrue("the job runs", () => waiting.isWaiting);
    controller.abort();
    expect((await answer).status).toBe(499);
    await eventuallyTrue("the worker heard of it", () => waiting.aborted === "yes");
  });
});

const none: Transport = { name: "none", start: async () => ({ addresses: [], drain: async () => {}, close: async () => {} }) };
