import { writeFile } from "node:fs/promises";
import { currentJob, defineService, method, roundRobin } from "unigate";
import type { WatchUpdate } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { GateProcess } from "../../support/processes.ts";
import { workspace } from "../../support/workspace.ts";
import { RedisWorld } from "../../support/redis-world.ts";

const stream = "gate:{s}:jobs";

/** A worker that can be killed; each call of `run` appends its name to the file that it was given. */
async function workerProcess(world: RedisWorld, id: string, idempotent: boolean): Promise<{ process: GateProcess; log: string }> {
  const folder = await workspace({
    "s.ts": `import { appendFile, readFile } from "node:fs/promises";
import { defineService, method } from "unigate";
export default defineService("s", {
  run: method({ idempotent: ${idempotent} }, async (log) => {
    await appendFile(log, ${JSON.stringify(`${id}\n`)});
    for (;;) {
      if ((await readFile(log, "utf8")).includes("release")) return ${JSON.stringify(id)};
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }),
});
`,
    log: "",
  });
  const process = new GateProcess(["worker", `${folder}/s.ts`, "--gate", world.url, "--id", id], { env: { GATE_LOG: "info" } });
  await process.says(/serving/);
  return { process, log: `${folder}/log` };
}

async function lines(log: string): Promise<string[]> {
  const { readFile } = await import("node:fs/promises");
  return (await readFile(log, "utf8")).split("\n").filter((line) => line !== "");
}

describe("a job that is pulled", () => {
  it("waits in Redis while its worker is away, and runs when it is back", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    const service = defineService("s", { run: (at: number) => at });
    const before = await world.worker(service);
    await before.close();
    const client = await world.client();
    const calls = [1, 2, 3].map((at) => Promise.resolve(client.call("s.run", [at])));
    await eventuallyTrue("they wait in Redis", async () => (await world.server.client.xlen(stream)) === 3);
    await world.worker(service);
    expect(await Promise.all(calls)).toEqual([1, 2, 3]);
  });

  it("leaves Redis when its caller cancels it before a worker has taken it", async () => {
    await using world = await RedisWorld.create();
    const gate = await world.gate();
    let runs = 0;
    const release = Promise.withResolvers<void>();
    await world.worker(defineService("s", { run: () => (runs++, release.promise) }), { concurrency: 1 });
    const client = await world.client();
    const first = client.call("s.run");
    await expect.poll(() => runs).toBe(1);
    const second = client.call("s.run");
    const third = client.call("s.run");
    await expect.poll(() => world.server.client.xlen(stream)).toBe(3);
    second.cancel();
    await expect(Promise.resolve(second)).rejects.toMatchObject({ code: "cancelled" });
    await expect.poll(() => world.server.client.xlen(stream)).toBe(2);
    release.resolve();
    await Promise.all([first, third]);
    expect(runs).toBe(2);
    await expect.poll(() => gate.status.workers().every(({ inFlight }) => inFlight === 0)).toBe(true);
  });

  it("that has expired is never executed, and does not stay", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    let runs = 0;
    const service = defineService("s", { run: () => ++runs });
    await (await world.worker(service)).close();
    const client = await world.client();
    await expect(Promise.resolve(client.call("s.run", [], { timeout: 50 }))).rejects.toMatchObject({ code: "deadline_exceeded" });
    // As a gate leaves it that died before it could take it back.
    const { client: redis } = world.server;
    const now = Number((await redis.time())[0]) * 1000;
    await redis.xadd(stream, "*", "j", Buffer.from(`nobody 1 ${now - 5000} 1 3 1 s.run\n${"\0".repeat(20)}`));
    await world.worker(service);
    await expect.poll(() => redis.xlen(stream)).toBe(0);
    expect(runs).toBe(0);
  });

  it("of a worker that is killed goes to another one when it may run twice", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    const first = await workerProcess(world, "first", true);
    const client = await world.client();
    const call = Promise.resolve(client.call("s.run", [first.log]));
    await expect.poll(() => lines(first.log)).toEqual(["first"]);
    first.process.signal("SIGKILL");
    await workerProcess(world, "second", true);
    await expect.poll(() => lines(first.log), { timeout: 5000 }).toEqual(["first", "second"]);
    await writeFile(first.log, "release");
    expect(await call).toBe("second");
    await expect.poll(() => world.server.client.xlen(stream)).toBe(0);
  });

  it("of a worker that is killed goes to another one when its route says that it may run twice", async () => {
    await using world = await RedisWorld.create();
    const gate = await world.gate({}, { routes: { "s.run": { idempotent: true } } });
    const first = await workerProcess(world, "first", false);
    const client = await world.clientOf(gate);
    await eventuallyTrue("the gate knows it", () => gate.status.services().some(({ name }) => name === "s"));
    const call = Promise.resolve(client.call("s.run", [first.log]));
    await expect.poll(() => lines(first.log)).toEqual(["first"]);
    first.process.signal("SIGKILL");
    await writeFile(first.log, "first\nrelease\n");
    await workerProcess(world, "second", false);
    expect(await call).toBe("second");
  });

  it("of a worker that is killed fails as unavailable when it may run only once, and runs nowhere else", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    const first = await workerProcess(world, "first", false);
    const client = await world.client();
    const call = Promise.resolve(client.call("s.run", [first.log]));
    await expect.poll(() => lines(first.log)).toEqual(["first"]);
    await workerProcess(world, "second", false);
    first.process.signal("SIGKILL");
    await expect(call).rejects.toMatchObject({ code: "unavailable" });
    expect(await lines(first.log)).toEqual(["first"]);
    await expect.poll(() => world.server.client.xlen(stream)).toBe(0);
  });

  it("that costs every worker its life is put aside with its reason after the last delivery", async () => {
    await using world = await RedisWorld.create();
    await world.gate({ maxDeliveries: 2 });
    const folder = await workspace({
      "s.ts": `import { defineService, method } from "unigate";
export default defineService("s", { run: method({ idempotent: true }, () => process.kill(process.pid, "SIGKILL")) });
`,
    });
    const start = async (id: string): Promise<GateProcess> => {
      const process = new GateProcess(["worker", `${folder}/s.ts`, "--gate", world.url, "--id", id], { env: { GATE_LOG: "info" } });
      await process.says(/serving/);
      return process;
    };
    const workers = [await start("a"), await start("b")];
    const client = await world.client();
    await expect(Promise.resolve(client.call("s.run"))).rejects.toMatchObject({ code: "aborted", retryable: false });
    expect(await Promise.all(workers.map(({ exit }) => exit))).toEqual(["SIGKILL", "SIGKILL"]);
    const [dead] = await world.server.client.xrange("gate:{s}:dead", "-", "+");
    expect(dead?.[1]).toEqual([
      "reason",
      expect.stringContaining("2 deliveries"),
      "h",
      expect.stringContaining("s.run"),
      "j",
      expect.any(String),
    ]);
    expect(await world.server.client.xlen(stream)).toBe(0);
    // Told with the next look, as it is asked for only while somebody looks.
    const deadOf = async (): Promise<number | undefined> => {
      for await (const update of client.call("Gate.watch", [{ intervalMs: 100 }]))
        return (update as WatchUpdate).targets.find(({ name }) => name === "s.run")?.dead;
      return undefined;
    };
    await expect.poll(deadOf, { timeout: 5000 }).toBe(1);
    await world.server.client.del("gate:{s}:dead");
    await expect.poll(deadOf, { timeout: 5000 }).toBe(0);
  });

  it("is refused as resource_exhausted when its service has as many as it may", async () => {
    await using world = await RedisWorld.create();
    await world.gate({ maxLength: 5 });
    const service = defineService("s", { run: () => 1 });
    await (await world.worker(service)).close();
    const client = await world.client();
    const calls = Array.from({ length: 5 }, () => Promise.resolve(client.call("s.run")));
    await expect.poll(() => world.server.client.xlen(stream)).toBe(5);
    await expect(Promise.resolve(client.call("s.run"))).rejects.toMatchObject({ code: "resource_exhausted" });
    await world.worker(service);
    expect(await Promise.all(calls)).toEqual([1, 1, 1, 1, 1]);
  });

  it("of either of two gates goes to whichever worker has room", async () => {
    await using world = await RedisWorld.create();
    const gates = [await world.gate(), await world.gate()];
    const seen = new Set<string>();
    const make = (id: string) =>
      defineService("s", { run: async () => (seen.add(id), await new Promise((resolve) => setTimeout(resolve, 5))) });
    await world.worker(make("a"), { concurrency: 2, id: "a" });
    await world.worker(make("b"), { concurrency: 2, id: "b" });
    const clients = await Promise.all(gates.map(() => world.client()));
    await Promise.all(Array.from({ length: 40 }, async (_, at) => await clients[at % 2]!.call("s.run")));
    expect([...seen].sort()).toEqual(["a", "b"]);
  });
});

describe("a job that is pushed", () => {
  it("goes to the worker that the strategy of its route picks", async () => {
    await using world = await RedisWorld.create();
    const gate = await world.gate({ delivery: "push" }, { routes: { "s.*": { strategy: roundRobin() } } });
    for (const id of ["a", "b", "c"]) await world.worker(defineService("s", { who: () => id }), { id });
    await expect
      .poll(() =>
        gate.status
          .workers()
          .map(({ id }) => id)
          .sort(),
      )
      .toEqual(["a", "b", "c"]);
    const client = await world.client();
    const answers: unknown[] = [];
    for (let at = 0; at < 6; at++) answers.push(await client.call("s.who"));
    expect(answers).toEqual([...answers.slice(0, 3), ...answers.slice(0, 3)]);
    expect(new Set(answers).size).toBe(3);
  });

  it("fails at once when its worker is killed, and the worker leaves rotation", async () => {
    await using world = await RedisWorld.create();
    const gate = await world.gate({ delivery: "push" });
    const { process, log } = await workerProcess(world, "first", false);
    await expect.poll(() => gate.status.workers().length).toBe(1);
    const client = await world.client();
    const call = Promise.resolve(client.call("s.run", [log]));
    await expect.poll(() => lines(log)).toEqual(["first"]);
    process.signal("SIGKILL");
    await expect(call).rejects.toMatchObject({ code: "unavailable" });
    await expect.poll(() => gate.status.workers().length).toBe(0);
  });

  it("shares a worker's room with jobs that it pulls", async () => {
    await using world = await RedisWorld.create();
    const pushing = await world.gate({ delivery: "push" });
    await world.gate();
    let running = 0;
    let most = 0;
    await world.worker(
      defineService("s", {
        run: method({ idempotent: true }, async () => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setTimeout(resolve, 2));
          running--;
          return currentJob().target;
        }),
      }),
      { concurrency: 3 },
    );
    await expect.poll(() => pushing.status.workers().length).toBe(1);
    const clients = await Promise.all([world.client(), world.client(), world.client(), world.client()]);
    await Promise.all(Array.from({ length: 80 }, async (_, at) => await clients[at % 4]!.call("s.run")));
    expect(most).toBe(3);
  });
});
