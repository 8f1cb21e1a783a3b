import { createHmac } from "node:crypto";
import { currentJob, defineService, type RouteConfig } from "unigate";
import { github, standardWebhooks } from "unigate/webhooks";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { type HttpDoorOptions, type HttpDoorWorld, openHttpDoor } from "../../../support/http-door.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const other = defineService("other", { echo: (value: unknown) => value });

/** What a handler has got of each webhook. */
const got: { body: string; tag: unknown; path: unknown; type: unknown }[] = [];
const inbox = defineService("hooks", {
  take: (body: Uint8Array) => {
    const { metadata } = currentJob();
    got.push({
      body: Buffer.from(body).toString("latin1"),
      tag: metadata.getAll("x-tag"),
      path: metadata.get(":path"),
      type: metadata.get("content-type"),
    });
    return "taken";
  },
});

/** A gate with the route of an inbox, and no worker for it. */
async function openInbox(route: RouteConfig, options: HttpDoorOptions = {}): Promise<HttpDoorWorld> {
  got.length = 0;
  return openHttpDoor(other, {
    ...options,
    config: { routes: { "hooks.take": { http: "POST /hooks/:shop", ...route } }, jobs: { retryDelay: 1 }, ...options.config },
  });
}

function deliver(url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, shop = "a"): Promise<Response> {
  return fetch(`${url}/hooks/${shop}`, { method: "POST", headers: { "content-type": "application/octet-stream", ...headers }, body });
}

async function stateOf(url: string, accepted: Response): Promise<string> {
  return ((await (await fetch(url + accepted.headers.get("location"))).json()) as { state: string }).state;
}

async function whenCompleted(url: string, accepted: Response): Promise<void> {
  await eventuallyTrue("the job is completed", async () => (await stateOf(url, accepted)) === "completed");
}

describe('a route of the mode "async"', () => {
  it("takes requests in although no worker has ever been there, and brings every byte and header when one comes", async () => {
    const { url, join } = await openInbox({ mode: "async" });
    const body = Uint8Array.from({ length: 256 }, (_, at) => at);
    const accepted = await deliver(url, body, { "x-tag": "one, Two" });
    expect(accepted.status).toBe(202);
    expect(await stateOf(url, accepted)).toBe("waiting");
    await join(inbox);
    await whenCompleted(url, accepted);
    expect(got).toEqual([
      { body: Buffer.from(body).toString("latin1"), tag: ["one, Two"], path: "/hooks/a", type: "application/octet-stream" },
    ]);
  });

  it("answers 202 also while a worker is up, and waits with it when asked to", async () => {
    const { url, join } = await openInbox({ mode: "async" });
    await join(inbox);
    expect((await deliver(url, "x")).status).toBe(202);
    const waited = await deliver(url, "x", { prefer: "wait=30" });
    expect([waited.status, await waited.json()]).toEqual([200, "taken"]);
  });

  it("holds for the target by its name too", async () => {
    const { url } = await openInbox({ mode: "async" });
    expect((await fetch(`${url}/call/hooks.take`, { method: "POST", body: "x" })).status).toBe(202);
  });

  it("brings the jobs of one key in the order in which they came, though an early one fails at first", async () => {
    const { url, join } = await openInbox({ mode: "async", orderBy: ":param.shop" });
    const accepted: Response[] = [];
    for (const body of ["1", "2", "3", "4"]) accepted.push(await deliver(url, body, {}, Number(body) % 2 === 0 ? "even" : "odd"));
    const order: string[] = [];
    let failures = 2;
    await join(
      defineService("hooks", {
        take: (body: Uint8Array) => {
          const text = Buffer.from(body).toString();
          if (text === "1" && failures-- > 0) throw new Error("not now");
          order.push(text);
        },
      }),
      { concurrency: 4 },
    );
    for (const one of accepted) await whenCompleted(url, one);
    expect(order.filter((text) => Number(text) % 2 === 1)).toEqual(["1", "3"]);
    expect(order.filter((text) => Number(text) % 2 === 0)).toEqual(["2", "4"]);
  });
});

describe('a route of the mode "live-else-inbox"', () => {
  it("answers live while a worker is up, and keeps the job while none is", async () => {
    const { url, join } = await openInbox({ mode: "live-else-inbox" });
    const early = await deliver(url, "early");
    expect(early.status).toBe(202);
    const worker = await join(inbox);
    await whenCompleted(url, early);
    const live = await deliver(url, "live");
    expect([live.status, await live.json()]).toEqual([200, "taken"]);
    await worker.close();
    expect((await deliver(url, "late")).status).toBe(202);
  });

  it("keeps a job that no worker has room for", async () => {
    const { url, join } = await openInbox({ mode: "live-else-inbox", queue: 0 });
    let release = (): void => {};
    const worker = await join(defineService("hooks", { take: () => new Promise<string>((resolve) => (release = () => resolve("done"))) }), {
      concurrency: 1,
    });
    const live = deliver(url, "first");
    await eventuallyTrue("the worker is busy", () => worker.inFlight === 1);
    const kept = await deliver(url, "second");
    expect(kept.status).toBe(202);
    release();
    expect((await live).status).toBe(200);
    await eventuallyTrue("the kept one runs", () => worker.inFlight === 1);
    release();
    await whenCompleted(url, kept);
  });

  it("does not run a job again that a worker had begun when it died", async () => {
    const { url, join } = await openInbox({ mode: "live-else-inbox" });
    const worker = await join(defineService("hooks", { take: () => new Promise(() => {}) }));
    const live = deliver(url, "x");
    await eventuallyTrue("it runs", () => worker.inFlight === 1);
    await worker.close();
    expect((await live).status).toBe(503);
  });
});

describe("a route with a webhook", () => {
  const secret = "It's a Secret to Everybody";
  const signature = { "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" };
  const key = "a-key-that-is-long-enough";

  it("lets in who has signed the body, without a key, and nobody else, however they come", async () => {
    const { url } = await openInbox(
      { mode: "async", webhook: github({ secret }) },
      {
        config: { routes: { "hooks.take": { http: "POST /hooks/:shop", mode: "async", webhook: github({ secret }) } }, keys: [key] },
        worker: { key },
      },
    );
    expect((await deliver(url, "Hello, World!", signature)).status).toBe(202);
    const forged = await deliver(url, "Hello, World?", signature);
    expect([forged.status, await forged.json()]).toEqual([
      401,
      expect.objectContaining({ code: "unauthenticated", detail: "this is no request of github: its X-Hub-Signature-256 does not match" }),
    ]);
    expect((await deliver(url, "Hello, World!")).status).toBe(401);
    const byName = await fetch(`${url}/call/hooks.take`, { method: "POST", headers: { "x-gate-key": key }, body: "Hello, World!" });
    expect(byName.status).toBe(401);
  });

  it("takes a repeated delivery for the same job", async () => {
    const { url } = await openInbox({ mode: "async", webhook: github({ secret }) });
    const send = (id: string): Promise<Response> => deliver(url, "Hello, World!", { ...signature, "x-github-delivery": id });
    const [one, two, three] = [await send("d1"), await send("d1"), await send("d2")];
    expect(two.headers.get("location")).toBe(one.headers.get("location"));
    expect(three.headers.get("location")).not.toBe(one.headers.get("location"));
  });

  it("takes a request only while it is fresh, by the gate's clock", async () => {
    const clock = new ManualClock();
    const whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const { url } = await openInbox({ mode: "async", webhook: standardWebhooks({ secret: whsec }) }, { gate: { clock } });
    const seconds = Math.floor(clock.date() / 1000);
    const send = (id: string, at: number): Promise<Response> => {
      const hmac = createHmac("sha256", Buffer.from(whsec.slice(6), "base64"))
        .update(`${id}.${at}.{}`)
        .digest("base64");
      return deliver(url, "{}", { "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": `v1,${hmac}` });
    };
    expect((await send("m1", seconds)).status).toBe(202);
    const old = await send("m2", seconds - 400);
    expect([old.status, ((await old.json()) as { detail: string }).detail]).toEqual([401, expect.stringContaining("400 s off")]);
  });
});
