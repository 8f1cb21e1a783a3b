import { currentJob, defineService, GateError, memoryJobs, method, reply } from "unigate";
import type { JobStoreHost } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { openHttpDoor } from "../../../support/http-door.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const service = defineService("t", {
  echo: (...args: unknown[]) => args,
  add: method({ http: "POST /add" }, ({ a, b, mode }: { a: number; b: number; mode?: string }) => ({ sum: a + b, mode })),
  wait: () => new Promise((resolve) => currentJob().signal.addEventListener("abort", resolve)),
  refuse: () => {
    throw new GateError("invalid_argument", "not like this");
  },
  bytes: () => Buffer.from([0, 1, 255]),
  text: () => reply("plain words", { status: 201, headers: { "content-type": "text/plain", "set-cookie": "a=1", "x-more": "m" } }),
  async *count(to: number) {
    for (let at = 1; at <= to; at++) yield { at };
  },
  who: () => currentJob().metadata.get("x-job-id"),
});
const gone = defineService("gone", { later: (word: string) => `later ${word}` });
const config = { routes: { "gone.*": {} } };

const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

interface JobPage {
  id: string;
  state: string;
  attempts: number;
  result?: unknown;
  resultBase64?: string;
  resultType?: string;
  error?: { code: string };
}

async function page(url: string): Promise<JobPage> {
  return (await (await fetch(url)).json()) as JobPage;
}

/** The page of a job, once the job is in that state. */
async function pageOnce(url: string, state: string): Promise<JobPage> {
  let shown = await page(url);
  await eventuallyTrue(`${url} is ${state}`, async () => (shown = await page(url)).state === state);
  return shown;
}

/** Sends a job off, and waits for its end. */
async function ended(url: string, target: string, args: unknown[] = [], state = "completed"): Promise<JobPage & { location: string }> {
  const response = await fetch(`${url}/call/${target}?mode=async`, post(args));
  expect(response.status).toBe(202);
  const location = url + response.headers.get("location");
  return { ...(await pageOnce(location, state)), location };
}

describe("a caller who does not wait", () => {
  it.each([
    ["?mode=async", {}, null],
    ["", { prefer: "respond-async" }, "respond-async"],
    ["", { prefer: "handling=lenient, respond-async" }, "respond-async"],
  ])("gets 202 at once, and where the job can be seen: %s %o", async (query, headers, applied) => {
    const { url } = await openHttpDoor(service, { config });
    const response = await fetch(`${url}/call/gone.later${query}`, post(["x"], headers));
    expect(response.status).toBe(202);
    expect(response.headers.get("preference-applied")).toBe(applied);
    const accepted = (await response.json()) as JobPage;
    expect(accepted).toMatchObject({ target: "gone.later", state: "waiting", attempts: 0 });
    expect(response.headers.get("location")).toBe(`/jobs/${accepted.id}`);
    expect(response.headers.get("x-job-id")).toBe(accepted.id);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await page(`${url}/jobs/${accepted.id}`)).toMatchObject({ state: "waiting" });
  });

  it("finds the result once a worker has come", async () => {
    const { url, join } = await openHttpDoor(service, { config });
    const response = await fetch(`${url}/call/gone.later?mode=async`, post(["x"]));
    await join(gone, { id: "late" });
    const shown = await pageOnce(url + response.headers.get("location"), "completed");
    expect(shown).toMatchObject({
      attempts: 1,
      result: "later x",
      worker: "late",
      submittedAt: expect.any(String),
      endedAt: expect.any(String),
    });
  });

  it("learns at once that nobody knows the target, and that a mode is none", async () => {
    const { url } = await openHttpDoor(service, { config });
    expect((await fetch(`${url}/call/nobody.knows?mode=async`, post([]))).status).toBe(404);
    const wrong = await fetch(`${url}/call/t.echo?mode=asink`, post([]));
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ code: "invalid_argument", detail: expect.stringContaining("mode=async") });
  });

  it("leaves the query of a bound route to its worker", async () => {
    const { url } = await openHttpDoor(service, { config });
    const response = await fetch(`${url}/add?mode=async`, post({ a: 1, b: 2 }));
    expect([response.status, await response.json()]).toEqual([200, { sum: 3, mode: "async" }]);
    expect((await fetch(`${url}/add`, post({ a: 1, b: 2 }, { prefer: "respond-async" }))).status).toBe(202);
  });

  it("is told 429 when as many jobs wait as may", async () => {
    const { url } = await openHttpDoor(service, { config: { ...config, jobs: { maxWaiting: 1 } } });
    expect((await fetch(`${url}/call/gone.later?mode=async`, post([]))).status).toBe(202);
    const refused = await fetch(`${url}/call/gone.later?mode=async`, post([]));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
  });

  it("sees the paths under the prefix that the gate's own have", async () => {
    const { url } = await openHttpDoor(service, { config, http: { control: "/_gate" } });
    const response = await fetch(`${url}/_gate/call/t.echo?mode=async`, post([1]));
    const location = response.headers.get("location") as string;
    expect(location).toMatch(/^\/_gate\/jobs\//);
    expect(await pageOnce(url + location, "completed")).toMatchObject({ result: [1] });
  });
});

describe("a caller who waits a while", () => {
  it("gets the result itself when it comes in time", async () => {
    const { url } = await openHttpDoor(service, { config });
    const response = await fetch(`${url}/call/t.text`, post([], { prefer: "wait=30" }));
    expect([response.status, await response.text()]).toEqual([201, "plain words"]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "preference-applied": "wait=30",
      "x-worker-id": "w1",
      "x-more": "m",
      "set-cookie": "a=1",
      "x-job-id": expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it("gets 202 when it does not", async () => {
    const { url } = await openHttpDoor(service, { config });
    const response = await fetch(`${url}/call/t.wait`, post([], { prefer: "wait=0" }));
    expect(response.status).toBe(202);
    const slow = await fetch(`${url}/call/gone.later`, post(["x"], { prefer: "respond-async, wait=1" }));
    expect([slow.status, slow.headers.get("preference-applied")]).toEqual([202, "respond-async, wait=1"]);
  });

  it("gets the error of a job that failed", async () => {
    const { url } = await openHttpDoor(service, { config });
    const response = await fetch(`${url}/call/t.refuse`, post([], { prefer: "wait=30" }));
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ code: "invalid_argument", detail: "not like this" }),
    ]);
  });

  it("may wait at the job's page too, and hears of its end at once", async () => {
    const { url, join } = await openHttpDoor(service, { config });
    const accepted = await fetch(`${url}/call/gone.later?mode=async`, post(["x"]));
    const watched = fetch(url + accepted.headers.get("location"), { headers: { prefer: "wait=30" } });
    await join(gone);
    expect(await (await watched).json()).toMatchObject({ state: "completed", result: "later x" });
  });
});

it("a caller who waits learns of an end that the store could not tell", async () => {
  const clock = new ManualClock();
  const kept = memoryJobs();
  const store = { ...kept, open: async (host: JobStoreHost) => Object.assign(await kept.open(host), { listen: () => {} }) };
  const { url } = await openHttpDoor(service, { config: { ...config, jobs: { store } }, gate: { clock } });
  const location = url + (await fetch(`${url}/call/gone.later?mode=async`, post([]))).headers.get("location");
  const waiting = fetch(location, { headers: { prefer: "wait=600" } });
  let isAnswered = false;
  void waiting.then(() => (isAnswered = true));
  await fetch(location, { method: "DELETE" });
  await eventuallyTrue("it is answered", () => (clock.advance(1000), isAnswered));
  expect(await (await waiting).json()).toMatchObject({ state: "cancelled" });
  expect(clock.now()).toBeLessThan(600_000);
});

describe("the page of a job", () => {
  it("shows a stream as the list of its values, bytes as base64, a text as a text", async () => {
    const { url } = await openHttpDoor(service, { config });
    expect((await ended(url, "t.count", [2])).result).toEqual([{ at: 1 }, { at: 2 }]);
    expect(await ended(url, "t.bytes")).toMatchObject({ resultType: "application/octet-stream", resultBase64: "AAH/" });
    expect((await ended(url, "t.text")).result).toBe("plain words");
  });

  it("gives under /result what the call would have given, but no cookie", async () => {
    const { url } = await openHttpDoor(service, { config });
    const text = await ended(url, "t.text");
    const response = await fetch(`${text.location}/result`);
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([201, "text/plain", "plain words"]);
    expect(response.headers.get("set-cookie")).toBeNull();
    const stream = await ended(url, "t.count", [2]);
    expect(await (await fetch(`${stream.location}/result`)).text()).toBe('{"at":1}\n{"at":2}\n');
    const failed = await ended(url, "t.refuse", [], "dead");
    expect((await fetch(`${failed.location}/result`)).status).toBe(400);
    const running = await fetch(`${url}/call/gone.later?mode=async`, post([]));
    expect((await fetch(`${url}${running.headers.get("location")}/result`)).status).toBe(404);
  });

  it("names the job that its worker saw", async () => {
    const { url } = await openHttpDoor(service, { config });
    const { id, result } = await ended(url, "t.who");
    expect(result).toBe(id);
  });

  it("cancels a job that waits, and one that runs", async () => {
    const { url, worker } = await openHttpDoor(service, { config });
    const accepted = await fetch(`${url}/call/gone.later?mode=async`, post([]));
    const cancelled = await fetch(url + accepted.headers.get("location"), { method: "DELETE" });
    expect(await cancelled.json()).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
    const running = url + (await fetch(`${url}/call/t.wait?mode=async`, post([]))).headers.get("location");
    await pageOnce(running, "running");
    await fetch(running, { method: "DELETE" });
    await eventuallyTrue("the worker is free", () => worker.inFlight === 0);
    expect(await page(running)).toMatchObject({ state: "cancelled" });
  });

  it("is 404 for an id that nobody has, and 405 for a method that it does not take", async () => {
    const { url } = await openHttpDoor(service, { config });
    for (const verb of ["GET", "DELETE"]) expect((await fetch(`${url}/jobs/nope`, { method: verb })).status).toBe(404);
    const wrong = await fetch(`${url}/jobs/nope`, { method: "PUT" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, DELETE"]);
  });

  it("wants a key where the gate has some", async () => {
    const key = "a-key-that-is-long-enough";
    const { url } = await openHttpDoor(service, { config: { ...config, keys: [key] }, worker: { key } });
    const accepted = await fetch(`${url}/call/gone.later?mode=async`, post([], { "x-gate-key": key }));
    const location = url + accepted.headers.get("location");
    for (const verb of ["GET", "DELETE"]) expect((await fetch(location, { method: verb })).status).toBe(401);
    expect((await fetch(location, { headers: { "x-gate-key": key } })).status).toBe(200);
  });
});

describe("an Idempotency-Key", () => {
  it("makes a repeated request the same job, also after its end", async () => {
    const { url } = await openHttpDoor(service, { config });
    const send = (): Promise<Response> => fetch(`${url}/call/t.echo?mode=async`, post([1], { "idempotency-key": '"k1"' }));
    const [one, two] = await Promise.all([send(), send()]);
    expect(two.headers.get("location")).toBe(one.headers.get("location"));
    await pageOnce(url + one.headers.get("location"), "completed");
    expect((await send()).headers.get("location")).toBe(one.headers.get("location"));
    const waited = await fetch(`${url}/call/t.echo`, post([1], { "idempotency-key": "k1", prefer: "wait=9" }));
    expect([waited.status, await waited.json()]).toEqual([200, [1]]);
    expect(await page(url + one.headers.get("location"))).toMatchObject({ attempts: 1, idempotencyKey: "k1" });
  });

  it("is refused with 422 for other content", async () => {
    const { url } = await openHttpDoor(service, { config });
    const send = (value: number): Promise<Response> =>
      fetch(`${url}/call/gone.later?mode=async`, post([value], { "idempotency-key": "k" }));
    expect((await send(1)).status).toBe(202);
    const refused = await send(2);
    expect([refused.status, await refused.json()]).toEqual([422, expect.objectContaining({ code: "already_exists" })]);
  });

  it("is a text of 255 characters at most", async () => {
    const { url } = await openHttpDoor(service, { config });
    for (const key of ['""', "x".repeat(256)])
      expect((await fetch(`${url}/call/gone.later?mode=async`, post([1], { "idempotency-key": key }))).status).toBe(400);
  });
});
