import { redisJobs } from "unigate/redis";
import { type JobStore, silentLogger, systemClock } from "unigate/transport";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { exerciseJobStore } from "../../exercise/job-store/index.ts";
import { newJob, refusal, stateOf, submit, takeOne } from "../../exercise/job-store/world.ts";
import { eventuallyTrue } from "../../support/eventually.ts";
import { RedisSentinel } from "../../support/redis-sentinel.ts";
import { RedisServer } from "../../support/redis-server.ts";

let server: RedisServer;
let opened = 0;
beforeAll(async () => (server = await RedisServer.start(["--appendonly", "yes"])));
afterAll(async () => await server[Symbol.asyncDispose]());

/** A store of its own, unless a prefix says whose. */
async function open(
  maxWaiting: number,
  options: { url?: string; prefix?: string; maxKept?: number; maxBytes?: string } = {},
): Promise<JobStore> {
  const store = await redisJobs({ url: server.url, prefix: `t${++opened}`, ...options }).open({
    clock: systemClock,
    logger: silentLogger,
    maxWaiting,
  });
  onTestFinished(() => store.close());
  return store;
}

/** Resolves once the store reaches Redis again. */
async function reached(store: JobStore): Promise<void> {
  const asked = (): Promise<boolean> =>
    store.due().then(
      () => true,
      () => false,
    );
  await eventuallyTrue("Redis is reached again", asked, 15_000);
}

/** Redis has its own clock, which nobody can move: the exercise waits it out. */
const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms + 5));

exerciseJobStore("in Redis", async (maxWaiting) => ({ store: await open(maxWaiting), pass }));

describe("a store in Redis", () => {
  it("is shared by gates of one prefix: one takes what the other has accepted, and both hear of its end", async () => {
    const [one, two] = [await open(10, { prefix: "shared" }), await open(10, { prefix: "shared" })];
    const heard: string[] = [];
    one.listen({ ready: () => {}, ended: (id) => heard.push(id) });
    const { id } = await submit(one);
    await two.complete((await takeOne(two)).lease, { head: [] });
    await eventuallyTrue("the other gate hears of it", () => heard.includes(id));
    expect(await stateOf(one, id)).toBe("completed");
  });

  it("has what it accepted after Redis was killed and came back, and needs no help to go on", async () => {
    const store = await open(10);
    const waiting = await submit(store);
    const taken = await submit(store, { target: "Sms.send" });
    const [{ lease }] = (await store.take("Sms.send", 1, 60_000)) as [Awaited<ReturnType<typeof takeOne>>];
    await server.kill();
    expect((await refusal(store.submit(newJob()))).code).toBe("unavailable");
    await server.run();
    await reached(store);
    expect((await takeOne(store)).job.id).toBe(waiting.id);
    expect(await store.complete(lease, { head: [] })).toBe(true);
    expect(await stateOf(store, taken.id)).toBe("completed");
    const heard: string[] = [];
    store.listen({ ready: (target) => heard.push(target), ended: () => {} });
    await eventuallyTrue("it is told of new jobs again", async () => (await submit(store), heard.includes("Mail.send")));
  });

  it("refuses what it cannot keep while Redis is stopped, before a sender gives up, and goes on afterwards", async () => {
    const store = await open(10);
    await submit(store);
    server.signal("SIGSTOP");
    onTestFinished(() => server.signal("SIGCONT"));
    expect((await refusal(store.submit(newJob()))).code).toBe("unavailable");
    server.signal("SIGCONT");
    await reached(store);
    expect((await takeOne(store)).job.attempts).toBe(1);
  });

  it("goes on when Redis has forgotten its scripts", async () => {
    const store = await open(10);
    await submit(store);
    await server.client.script("FLUSH");
    expect((await takeOne(store)).job.attempts).toBe(1);
  });

  it("keeps no more jobs that have ended than it should, and leaves nothing behind of those that it forgets", async () => {
    const store = await open(100, { prefix: "few", maxKept: 2 });
    for (const key of ["a", "b", "c", "d"]) {
      await submit(store, { idempotencyKey: key, orderKey: key, deadlineMs: 60_000, resultTtlMs: 1500 });
      await store.complete((await takeOne(store)).lease, { head: [] });
    }
    expect(await store.counts()).toMatchObject({ completed: 2 });
    await eventuallyTrue("the last ones are forgotten too", async () => (await store.counts()).completed === 0);
    expect(await server.client.keys("few:*")).toEqual(expect.arrayContaining(["few:{jobs}:seq", "few:{jobs}:bytes"]));
    expect(await server.client.keys("few:*")).toHaveLength(2);
    expect(await server.client.get("few:{jobs}:bytes")).toBe("0");
  });

  it("lies on one slot of a cluster", async () => {
    await using cluster = await RedisServer.start(["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"]);
    await cluster.client.call("CLUSTER", "ADDSLOTS", ...Array.from({ length: 16_384 }, (_, slot) => slot));
    await eventuallyTrue("the cluster is up", async () =>
      String(await cluster.client.call("CLUSTER", "INFO")).includes("cluster_state:ok"),
    );
    const store = await open(10, { url: `${cluster.url}?cluster=true` });
    const heard: string[] = [];
    store.listen({ ready: () => {}, ended: (id) => heard.push(id) });
    const { id } = await submit(store, { orderKey: "a", idempotencyKey: "k" });
    await store.complete((await takeOne(store)).lease, { head: [], payload: Buffer.from("done") });
    await eventuallyTrue("its end is told", () => heard.includes(id));
    expect((await store.list({ limit: 5, state: "completed" })).map((job) => job.id)).toEqual([id]);
  });

  it("goes on at the replica that a sentinel makes master, with what was accepted and who has taken it", async () => {
    await using sentinel = await RedisSentinel.start();
    const store = await open(10, { url: sentinel.url });
    const heard: string[] = [];
    store.listen({ ready: (target) => heard.push(target), ended: () => {} });
    const waiting = await submit(store, { idempotencyKey: "once" });
    const taken = await submit(store, { target: "Sms.send" });
    const [{ lease }] = (await store.take("Sms.send", 1, 60_000)) as [Awaited<ReturnType<typeof takeOne>>];
    await sentinel.master.client.wait(1, 0);
    await sentinel.failOver();
    await reached(store);
    expect(await store.complete(lease, { head: [] })).toBe(true);
    expect(await stateOf(store, taken.id)).toBe("completed");
    expect((await submit(store, { idempotencyKey: "once", payload: waiting.payload })).id).toBe(waiting.id);
    expect((await takeOne(store)).job.id).toBe(waiting.id);
    heard.length = 0;
    await eventuallyTrue("it is told of new jobs again", async () => (await submit(store), heard.includes("Mail.send")), 15_000);
  }, 90_000);

  it("that is full forgets what ended first, and never what has not ended", async () => {
    const store = await open(100, { maxBytes: "64kb" });
    const payload = Buffer.alloc(20_000);
    const first = await submit(store, { payload });
    await store.complete((await takeOne(store)).lease, { head: [] });
    const others = [await submit(store, { payload }), await submit(store, { payload }), await submit(store, { payload })];
    expect(await stateOf(store, first.id)).toBeUndefined();
    expect(await refusal(store.submit(newJob({ payload })))).toMatchObject({ code: "resource_exhausted", details: { retryAfterMs: 5000 } });
    for (const { id } of others) expect(await stateOf(store, id)).toBe("waiting");
  });

  it("tells the faults of its options", () => {
    expect(redisJobs({ url: "http://x", maxKept: 0, maxBytes: "lots" }).check?.()).toMatchObject([
      { path: "url" },
      { path: "maxKept" },
      { path: "maxBytes" },
    ]);
  });

  it("costs one round trip for each step of a job", async () => {
    const store = await open(10);
    await submit(store);
    await store.complete((await takeOne(store)).lease, { head: [] });
    const callsOf = async (): Promise<number> => {
      const stats = await server.client.info("commandstats");
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]);
    };
    const before = await callsOf();
    await submit(store);
    await store.complete((await takeOne(store)).lease, { head: [] });
    expect((await callsOf()) - before).toBe(3);
  });
});
