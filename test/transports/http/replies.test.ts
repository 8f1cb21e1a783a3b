import { setTimeout as wait } from "node:timers/promises";
import { defineService, GateError, method, reply } from "unigate";
import { Metadata } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { exchange, openHttpDoor } from "../../support/http-door.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const post = (headers: Record<string, string> = {}): RequestInit => ({ method: "POST", headers, signal: AbortSignal.timeout(5000) });
const rawPost = (target: string): string => `POST /call/${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`;

let beats = 0;
const service = defineService("r", {
  badType: () => reply("x", { headers: { "content-type": "text/plain\nx-evil: 1" } }),
  badHeaders: () =>
    reply(1, { headers: { "x-name": "日本", "x-split": "a\r\nx-evil: 1", "bad name": "v", connection: "x", "x-good": "yes" } }),
  ownHeaders: () => reply(1, { headers: { "x-request-id": "mine", "x-worker-id": "spoof", "content-length": "999" } }),
  status: (status: number) => reply({ a: 1 }, { status }),
  bigint: () => {
    throw new GateError("aborted", "too big", { details: { count: 2n ** 62n } });
  },
  oddRetry: () => {
    throw new GateError("resource_exhausted", "later", { details: { retryAfterMs: Number.NaN } });
  },
  later: () => {
    throw new GateError("unavailable", "later", { details: { retryAfterMs: 2500 } });
  },
  slow: () => wait(300, "done"),
  beat: method({ http: "GET /beat" }, async function* () {
    for (;;) {
      yield ++beats;
      await wait(5);
    }
  }),
  pretty: async function* () {
    yield Buffer.from('{\r\n  "a": 1\n}');
  },
  jsonWithCharset: method({}, async function* (_input: unknown, job) {
    job.head({ "content-type": "application/json; charset=utf-8" });
    yield 1;
    yield 2;
  }),
  created: method({}, async function* (_input: unknown, job) {
    job.head(Metadata.from({ ":status": "201", "x-part": ["1", "2"] }));
    yield 1;
  }),
  raw: method({}, async function* (_input: unknown, job) {
    job.head({ "content-type": "text/csv" });
    yield "a,b\n";
    yield "1,2\n";
  }),
  rawHalf: method({}, async function* (_input: unknown, job) {
    job.head({ "content-type": "image/png" });
    yield Buffer.alloc(10);
    await wait(50);
    throw new Error("broke off");
  }),
  half: async function* () {
    yield 1;
    throw new GateError("data_loss", "broke off", { details: { at: 1 } });
  },
  quiet: async function* () {
    yield 1;
    await wait(60_000);
  },
});

describe("a reply whose worker writes what HTTP forbids", () => {
  it("arrives without it, and the worker's other jobs go on", async () => {
    const { url, gate } = await openHttpDoor(service);
    const slow = fetch(`${url}/call/r.slow`, post());
    const bad = await fetch(`${url}/call/r.badType`, post());
    expect([bad.status, bad.headers.get("content-type"), bad.headers.get("x-evil")]).toEqual([200, "application/json", null]);
    expect(await (await slow).json()).toBe("done");
    expect(gate.status.workers()).toMatchObject([{ id: "w1", state: "ready" }]);
    const headers = await fetch(`${url}/call/r.badHeaders`, post());
    expect([headers.status, headers.headers.get("x-good"), headers.headers.get("x-name"), headers.headers.get("x-evil")]).toEqual([
      200,
      "yes",
      null,
      null,
    ]);
  });

  it("has one request id, one worker id and its true length", async () => {
    const { port } = await openHttpDoor(service);
    const { text } = await exchange(port, rawPost("r.ownHeaders"));
    expect(text.match(/x-request-id/g)).toHaveLength(1);
    expect(text).toContain("x-worker-id: w1\r\n");
    expect(text).not.toContain("spoof");
    expect(text).toContain("content-length: 1\r\n");
  });

  it("names a worker whose id no header can carry, percent-encoded", async () => {
    const { url } = await openHttpDoor(service, { worker: { id: "работник" } });
    const response = await fetch(`${url}/call/r.slow`, post());
    expect(decodeURIComponent(response.headers.get("x-worker-id") ?? "")).toBe("работник");
    const error = await fetch(`${url}/call/r.later`, post());
    expect([error.status, decodeURIComponent(error.headers.get("x-worker-id") ?? "")]).toEqual([503, "работник"]);
  });

  it.each([204, 205, 304])("has no body under %i", async (status) => {
    const { port } = await openHttpDoor(service);
    const body = JSON.stringify([status]);
    const head = `POST /call/r.status HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const { text } = await exchange(port, head + body);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).not.toMatch(/content-length: [1-9]/i);
    expect(text).not.toContain('{"a":1}');
  });

  it("may have any status from 200 to 599, and 200 for what is none", async () => {
    const { url } = await openHttpDoor(service);
    const statusOf = async (status: number): Promise<number> =>
      (await fetch(`${url}/call/r.status`, { ...post({ "content-type": "application/json" }), body: `[${status}]` })).status;
    expect([await statusOf(202), await statusOf(418), await statusOf(99), await statusOf(1000)]).toEqual([202, 418, 200, 200]);
  });
});

describe("an error", () => {
  it("arrives whatever its details hold", async () => {
    const { url } = await openHttpDoor(service);
    const response = await fetch(`${url}/call/r.bigint`, post());
    expect(await response.json()).toMatchObject({ status: 409, code: "aborted", details: { count: "4611686018427387904" } });
  });

  it("tells when to try again in whole seconds, at least one", async () => {
    const { url } = await openHttpDoor(service);
    expect((await fetch(`${url}/call/r.later`, post())).headers.get("retry-after")).toBe("3");
    expect((await fetch(`${url}/call/r.oddRetry`, post())).headers.get("retry-after")).toBe("1");
  });
});

describe("a stream", () => {
  it("keeps to one line per value although a worker writes JSON over several", async () => {
    const { url } = await openHttpDoor(service);
    const lines = (await (await fetch(`${url}/call/r.pretty`, post())).text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([{ a: 1 }]);
    const events = await (await fetch(`${url}/call/r.pretty`, post({ accept: "text/event-stream" }))).text();
    expect(events).toBe('data: {    "a": 1 }\n\nevent: end\ndata:\n\n');
  });

  it("of JSON with a charset is NDJSON, of another type the bytes as they are", async () => {
    const { url } = await openHttpDoor(service);
    expect(await (await fetch(`${url}/call/r.jsonWithCharset`, post())).text()).toBe("1\n2\n");
    const raw = await fetch(`${url}/call/r.raw`, post());
    expect([raw.headers.get("content-type"), await raw.text()]).toEqual(["text/csv", "a,b\n1,2\n"]);
  });

  it("has the status and the repeated headers of its head", async () => {
    const { url } = await openHttpDoor(service);
    const response = await fetch(`${url}/call/r.created`, post());
    expect([response.status, response.headers.get("x-part"), await response.text()]).toEqual([201, "1, 2", "1\n"]);
  });

  it("of plain bytes that breaks off is cut, so that nobody takes half of it for the whole", async () => {
    const { port, url } = await openHttpDoor(service);
    await expect(fetch(`${url}/call/r.rawHalf`, post()).then((response) => response.arrayBuffer())).rejects.toThrow();
    const { text, isClosed } = await exchange(port, rawPost("r.rawHalf"));
    expect(isClosed).toBe(true);
    expect(text.endsWith("0\r\n\r\n")).toBe(false);
  });

  it("of events that breaks off ends with the problem document", async () => {
    const { url } = await openHttpDoor(service);
    const events = await (await fetch(`${url}/call/r.half`, post({ accept: "text/event-stream", "x-request-id": "r-9" }))).text();
    const [, problem = ""] = /event: error\ndata: (.*)\n\n$/.exec(events) ?? [];
    expect(JSON.parse(problem)).toEqual({
      type: "about:blank",
      title: "Internal Server Error",
      status: 500,
      detail: "broke off",
      code: "data_loss",
      request_id: "r-9",
      details: { at: 1 },
    });
  });

  it("of events says every 15 seconds that it lives", async () => {
    const clock = new ManualClock();
    const { url } = await openHttpDoor(service, { gate: { clock }, config: { heartbeat: "1h", routes: { "*": { timeout: 0 } } } });
    const response = await fetch(`${url}/call/r.quiet`, post({ accept: "text/event-stream" }));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe("data: 1\n\n");
    clock.advance(15_000);
    expect((await reader.read()).value).toBe(": keep-alive\n\n");
    await reader.cancel();
    const before = clock.timers;
    await eventuallyTrue("its timer is cleared", () => clock.timers < before);
  });

  it("asked for with HEAD ends with its first value, and its generator too", async () => {
    const { url } = await openHttpDoor(service);
    const response = await fetch(`${url}/beat`, { method: "HEAD", signal: AbortSignal.timeout(2000) });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
    await eventuallyTrue("the generator has stopped", async () => {
      const before = beats;
      await wait(50);
      return beats === before;
    });
  });
});
