import { GateError, memoryJobs } from "unigate";
import { expect, test } from "vitest";
import { refusal } from "../../exercise/job-store/world.ts";
import { eventuallyTrue } from "../../support/eventually.ts";
import { attempt, JobsWorld } from "./jobs-world.ts";

test("a job waits while no worker is up, runs when one comes, and its result is kept", async () => {
  const world = await JobsWorld.open();
  const submitted = await world.submit("send", ["ada", { urgent: true }]);
  expect(submitted).toMatchObject({ state: "waiting", target: "mail.send", attempts: 0, isNew: true });
  await world.serve({ send: (to: string, options: object) => ({ to, options }) });
  const job = await world.jobOnce(submitted.id, "completed");
  expect(job).toMatchObject({ attempts: 1, result: { to: "ada", options: { urgent: true } } });
  expect(job.worker).toBeTypeOf("string");
  expect(Date.parse(job.endedAt as string)).toBeGreaterThanOrEqual(Date.parse(job.submittedAt));
});

test("falsy results are kept as what they are, and a stream as the list of its values", async () => {
  const world = await JobsWorld.open();
  await world.serve({
    zero: () => 0,
    nothing: () => null,
    *count(to: number) {
      for (let at = 1; at <= to; at++) yield at;
    },
  });
  const results: unknown[] = [];
  for (const method of ["zero", "nothing", "count"]) {
    const { id } = await world.submit(method, [3]);
    results.push((await world.jobOnce(id, "completed")).result);
  }
  expect(results).toEqual([0, null, [1, 2, 3]]);
});

test("a handler that fails is tried again until it is done", async () => {
  const world = await JobsWorld.open();
  await world.serve({
    flaky() {
      if (attempt() < 3) throw new Error(`not at attempt ${attempt()}`);
      return "at last";
    },
  });
  const { id } = await world.submit("flaky");
  expect(await world.jobOnce(id, "completed")).toMatchObject({ attempts: 3, result: "at last" });
});

test("a job that fails every time is dead, with its reason, and runs again when it is retried", async () => {
  const world = await JobsWorld.open({ maxAttempts: 2 });
  let isMended = false;
  await world.serve({
    poison() {
      if (isMended) return "mended";
      throw new RangeError("out of cheese");
    },
  });
  const { id } = await world.submit("poison");
  const dead = await world.jobOnce(id, "dead");
  expect(dead).toMatchObject({ attempts: 2, error: { message: expect.stringContaining("out of cheese") } });
  isMended = true;
  expect(await world.client.call("Gate.retryJob", [id])).toMatchObject({ attempts: 0, state: "waiting" });
  expect(await world.jobOnce(id, "completed")).toMatchObject({ attempts: 1, result: "mended" });
});

test("a failure that every worker would repeat makes the job dead at once", async () => {
  const world = await JobsWorld.open();
  await world.serve({
    picky() {
      throw new GateError("invalid_argument", "never this");
    },
  });
  const { id } = await world.submit("picky");
  expect(await world.jobOnce(id, "dead")).toMatchObject({ attempts: 1, error: { code: "invalid_argument", message: "never this" } });
});

test("the job of a worker that is lost goes to another one", async () => {
  const world = await JobsWorld.open();
  const first = await world.serve({ send: () => new Promise(() => {}) });
  const { id } = await world.submit("send");
  await world.jobOnce(id, "running");
  await first.close();
  await world.serve({ send: () => `at attempt ${attempt()}` });
  expect(await world.jobOnce(id, "completed")).toMatchObject({ attempts: 2, result: "at attempt 2" });
});

test("no more jobs are taken than the workers have room for", async () => {
  const world = await JobsWorld.open();
  let running = 0;
  let most = 0;
  const releases: (() => void)[] = [];
  const ids: string[] = [];
  for (let at = 0; at < 10; at++) ids.push((await world.submit("slow")).id);
  await world.serve(
    {
      async slow() {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => releases.push(resolve));
        running--;
      },
    },
    3,
  );
  await eventuallyTrue("three run", () => releases.length === 3);
  const { counts } = await world.client.call<{ counts: object }>("Gate.jobs");
  expect(counts).toMatchObject({ waiting: 7, running: 3 });
  for (let at = 0; at < ids.length; at++) {
    await eventuallyTrue("the next one runs", () => releases.length > at);
    releases[at]?.();
  }
  for (const id of ids) await world.jobOnce(id, "completed");
  expect(most).toBe(3);
});

test("jobs of one order key run one after the other in their order, also when one of them fails at first", async () => {
  const world = await JobsWorld.open();
  const seen: string[] = [];
  const submitted: string[] = [];
  for (let at = 0; at < 12; at++) {
    const key = `key ${at % 3}`;
    submitted.push((await world.submit("note", [key, at], { orderKey: key })).id);
  }
  await world.serve(
    {
      async note(key: string, at: number) {
        await new Promise((resolve) => setImmediate(resolve));
        if (at === 3 && attempt() === 1) throw new Error("at first");
        seen.push(`${key}: ${at}`);
      },
    },
    8,
  );
  for (const id of submitted) await world.jobOnce(id, "completed");
  const of = (key: string): string[] => seen.filter((one) => one.startsWith(key));
  for (const rest of [0, 1, 2]) expect(of(`key ${rest}`)).toEqual([rest, rest + 3, rest + 6, rest + 9].map((at) => `key ${rest}: ${at}`));
});

test("a cancelled job that runs is stopped at its worker, and stays cancelled", async () => {
  const world = await JobsWorld.open();
  let isStopped = false;
  await world.serve({
    async *endless() {
      try {
        for (;;) {
          yield "still here";
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      } finally {
        isStopped = true;
      }
    },
  });
  const { id } = await world.submit("endless");
  await world.jobOnce(id, "running");
  expect(await world.client.call("Gate.cancelJob", [id])).toMatchObject({ state: "cancelled" });
  await eventuallyTrue("the handler is stopped", () => isStopped);
  expect(await world.job(id)).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
});

test("a repeated submit under one key gives the same job, and other content under it is refused", async () => {
  const world = await JobsWorld.open();
  const first = await world.submit("send", ["ada"], { idempotencyKey: "k1" });
  const again = await world.submit("send", ["ada"], { idempotencyKey: "k1" });
  expect(again).toMatchObject({ id: first.id, isNew: false });
  const error = await refusal(world.submit("send", ["bob"], { idempotencyKey: "k1" }));
  expect(error).toMatchObject({ code: "already_exists", details: { job: first.id } });
});

test("a replay runs the same content again as a new job that names the first", async () => {
  const world = await JobsWorld.open();
  const { id } = await world.submit("send", ["ada"], { headers: { "x-tag": "t" }, idempotencyKey: "k" });
  await world.serve({ send: (to: string) => to });
  await world.jobOnce(id, "completed");
  const again = await world.client.call<{ id: string }[]>("Gate.replayJobs", [[id]]);
  expect(again[0]!.id).not.toBe(id);
  expect(await world.jobOnce(again[0]!.id, "completed")).toMatchObject({ result: "ada" });
  const all = await world.client.call<unknown[]>("Gate.replayJobs", [{ state: "completed" }]);
  expect(all).toHaveLength(2);
});

test("a target that nobody knows, and the gate's own, take no jobs", async () => {
  const world = await JobsWorld.open();
  await world.serve({ send: () => 1 });
  const submit = (target: string): Promise<unknown> => Promise.resolve(world.client.call("Gate.submit", [target, []]));
  expect((await refusal(submit("post.send"))).code).toBe("not_found");
  expect((await refusal(submit("Gate.drain"))).code).toBe("permission_denied");
});

test("a job whose deadline passes while no worker is up is never run", async () => {
  const world = await JobsWorld.open();
  const { id } = await world.submit("send", [], { timeout: 30 });
  expect(await world.jobOnce(id, "dead")).toMatchObject({ attempts: 0, error: { code: "deadline_exceeded" } });
  let runs = 0;
  await world.serve({ send: () => ++runs });
  const later = await world.submit("send");
  expect(await world.jobOnce(later.id, "completed")).toMatchObject({ result: 1 });
});

test("one job more than may wait is refused, with a hint when to come again", async () => {
  const world = await JobsWorld.open({ maxWaiting: 1 });
  await world.submit("send");
  expect(await refusal(world.submit("send"))).toMatchObject({ code: "resource_exhausted", details: { retryAfterMs: 5000 } });
});

test("a result that is larger than a payload may be makes the job dead, and its stream is stopped", async () => {
  const world = await JobsWorld.open({}, { maxPayload: "64kb" });
  let isStopped = false;
  await world.serve({
    *flood() {
      try {
        for (;;) yield "x".repeat(8000);
      } finally {
        isStopped = true;
      }
    },
  });
  const { id } = await world.submit("flood");
  expect(await world.jobOnce(id, "dead")).toMatchObject({ error: { code: "out_of_range" } });
  await eventuallyTrue("the stream is stopped", () => isStopped);
});

test("a gate that drains lets running jobs end, keeps their results, and takes no further ones", async () => {
  let store: Awaited<ReturnType<ReturnType<typeof memoryJobs>["open"]>> | undefined;
  const memory = memoryJobs();
  const kept = { ...memory, open: async (...args: Parameters<typeof memory.open>) => (store = await memory.open(...args)) };
  const world = await JobsWorld.open({ store: kept });
  let release: ((value: string) => void) | undefined;
  await world.serve({ slow: () => new Promise<string>((resolve) => (release = resolve)) });
  const first = await world.submit("slow");
  const second = await world.submit("slow");
  await eventuallyTrue("it runs", () => release !== undefined);
  const drained = world.gate.drain();
  release?.("done");
  await drained;
  expect(await store?.get(first.id)).toMatchObject({ state: "completed" });
  expect(await store?.get(second.id)).toMatchObject({ state: "waiting", attempts: 0 });
});
