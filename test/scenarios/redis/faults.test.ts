import { type Client, defineService, method } from "unigate";
import type { Gate } from "unigate/gate";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { RedisWorld } from "../../support/redis-world.ts";
import { Relay } from "../../support/relay.ts";
import { codeOf } from "../../support/code-of.ts";

const stream = "gate:{s}:jobs";

interface Scene {
  world: RedisWorld;
  gate: Gate;
  /** A caller beside the gate, and one that meets it in Redis. */
  beside: Client;
  apart: Client;
  runs: string[];
}

async function scene(world: RedisWorld): Promise<Scene> {
  const runs: string[] = [];
  const gate = await world.gate();
  await world.worker(
    defineService("s", {
      run: (name: string) => (runs.push(name), name),
      slow: method({}, async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms, "slow"))),
    }),
  );
  return { world, gate, beside: await world.clientOf(gate), apart: await world.client(), runs };
}

/** Both callers get their answers again, and what they then wait for comes; nothing is left behind in Redis. */
async function recovers({ world, gate, beside, apart }: Scene): Promise<void> {
  for (const client of [beside, apart])
    await eventuallyTrue(
      "calls are answered again",
      async () => (await codeOf(client.call("s.run", ["probe"], { timeout: 2000 }))) === "ok",
    );
  expect(await Promise.all(Array.from({ length: 50 }, async (_, at) => await apart.call("s.run", [at])))).toHaveLength(50);
  await eventuallyTrue("nothing is left", async () => (await world.server.client.xlen(stream)) === 0);
  await eventuallyTrue("every place is given back", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
}

describe("Redis", () => {
  for (const awayMs of [200, 2000, 6000])
    it(`is killed, and back after ${awayMs} ms: nobody hangs meanwhile, and everybody is back`, async () => {
      await using world = await RedisWorld.create(["--appendonly", "yes"]);
      const all = await scene(world);
      const running = codeOf(all.beside.call("s.slow", [60_000], { timeout: "30s" }));
      await eventuallyTrue("it runs", () => all.gate.status.workers().some(({ inFlight }) => inFlight === 1));
      await world.server.kill();
      await eventuallyTrue("a call fails", async () => (await codeOf(all.beside.call("s.run", ["away"]))) === "unavailable");
      await new Promise((resolve) => setTimeout(resolve, awayMs));
      // Away for longer than a heartbeat, what runs is given up; otherwise its answer would still come.
      if (awayMs > 1000) expect(await running).toBe("unavailable");
      await world.server.run();
      await recoversWith(all, awayMs > 1000 ? 0 : 1);
    });

  it("is killed while jobs wait in it, and back within a beat: they run, and their callers hear it", async () => {
    await using world = await RedisWorld.create(["--appendonly", "yes"]);
    world.heartbeat("10s");
    const gate = await world.gate();
    const runs: number[] = [];
    const service = defineService("s", { run: (at: number) => void runs.push(at) });
    await (await world.worker(service)).close();
    const client = await world.clientOf(gate);
    await eventuallyTrue("the gate knows it", () => gate.status.services().some(({ name }) => name === "s"));
    const calls = [1, 2, 3].map((at) => codeOf(client.call("s.run", [at], { timeout: "15s" })));
    await eventuallyTrue("they wait", async () => (await world.server.client.xlen(stream)) === 3);
    await world.server.kill();
    await world.server.run();
    await world.worker(service);
    expect(await Promise.all(calls)).toEqual(["ok", "ok", "ok"]);
    expect(runs).toHaveLength(3);
    expect(new Set(runs)).toEqual(new Set([1, 2, 3]));
  });

  it("is away for longer than a beat while jobs wait in it: their callers hear so, and they never run", async () => {
    await using world = await RedisWorld.create(["--appendonly", "yes"]);
    const gate = await world.gate();
    const runs: string[] = [];
    const service = defineService("s", { run: (name: string) => void runs.push(name) });
    await (await world.worker(service)).close();
    const client = await world.clientOf(gate);
    await eventuallyTrue("the gate knows it", () => gate.status.services().some(({ name }) => name === "s"));
    const calls = [1, 2, 3].map(() => codeOf(client.call("s.run", ["given up"], { timeout: "1m" })));
    await eventuallyTrue("they wait", async () => (await world.server.client.xlen(stream)) === 3);
    await world.server.kill();
    expect(await Promise.all(calls)).toEqual(["unavailable", "unavailable", "unavailable"]);
    await world.server.run();
    await eventuallyTrue("they are taken back", async () => (await world.server.client.xlen(stream)) === 0);
    await world.worker(service);
    await eventuallyTrue("calls are answered again", async () => (await codeOf(client.call("s.run", ["later"]))) === "ok");
    expect(runs).not.toContain("given up");
  });

  it("has jobs of a gate that closes: they leave it with the gate", async () => {
    await using world = await RedisWorld.create();
    const gate = await world.gate();
    const service = defineService("s", { run: () => 1 });
    await (await world.worker(service)).close();
    const client = await world.clientOf(gate);
    await eventuallyTrue("the gate knows it", () => gate.status.services().some(({ name }) => name === "s"));
    const call = codeOf(client.call("s.run", [], { timeout: "1m" }));
    await eventuallyTrue("it waits", async () => (await world.server.client.xlen(stream)) === 1);
    await gate.close();
    expect(await world.server.client.xlen(stream)).toBe(0);
    expect(await call).toBe("unavailable");
  });

  it("kills every connection, again and again: no call is lost, and none runs twice", async () => {
    await using world = await RedisWorld.create();
    const all = await scene(world);
    const calls: Promise<string>[] = [];
    for (let at = 0; at < 200; at++) {
      calls.push(codeOf(all.beside.call("s.run", [`k${at}`], { timeout: "10s" })));
      if (at % 50 === 25) await world.server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const codes = await Promise.all(calls);
    // What was being written as the connection broke may fail, but it must say so.
    expect([...new Set(codes)].filter((code) => code !== "ok" && code !== "unavailable")).toEqual([]);
    const named = all.runs.filter((name) => name.startsWith("k"));
    expect(new Set(named).size).toBe(named.length);
    await recovers(all);
  });

  it("is at the other end of a half-open link: calls fail instead of hanging, and go on when it is whole", async () => {
    let relay: Relay | undefined;
    await using world = await RedisWorld.create([], async (server) => {
      relay = await Relay.open(server.port);
      return `redis://127.0.0.1:${relay.port}`;
    });
    const all = await scene(world);
    for (const direction of ["from the gate", "to the gate"] as const) {
      relay?.swallow(direction);
      expect(await codeOf(all.beside.call("s.run", ["half"], { timeout: "15s" }))).toBe("unavailable");
      relay?.swallow(undefined);
      await recovers(all);
    }
    await relay?.close();
  });

  it("is paused: calls fail instead of hanging, and no worker is taken for lost when it goes on", async () => {
    await using world = await RedisWorld.create();
    const all = await scene(world);
    world.server.signal("SIGSTOP");
    expect(await codeOf(all.beside.call("s.run", ["paused"], { timeout: "15s" }))).toBe("unavailable");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    world.server.signal("SIGCONT");
    await recovers(all);
    expect(await world.server.client.zcard("gate:{table}:leases")).toBe(2);
  });

  it("refuses writes for want of memory: calls fail at once, and work again when there is some", async () => {
    await using world = await RedisWorld.create();
    const all = await scene(world);
    await world.server.client.config("SET", "maxmemory", "1");
    expect(await codeOf(all.beside.call("s.run", ["oom"], { timeout: "15s" }))).toBe("unavailable");
    await world.server.client.config("SET", "maxmemory", "0");
    await recovers(all);
  });

  it("loses its scripts: nobody notices", async () => {
    await using world = await RedisWorld.create();
    const all = await scene(world);
    for (let at = 0; at < 10; at++) {
      await world.server.client.script("FLUSH");
      expect(await codeOf(all.beside.call("s.run", ["script"]))).toBe("ok");
    }
    await recovers(all);
  });

  it("is flushed: what waited fails, and everybody registers again", async () => {
    await using world = await RedisWorld.create();
    const all = await scene(world);
    const running = codeOf(all.beside.call("s.slow", [60_000], { timeout: "15s" }));
    await eventuallyTrue("it runs", async () => (await world.server.client.xlen(stream)) === 1);
    await world.server.client.flushall();
    expect(await running).toBe("unavailable");
    await recovers(all);
    const late = await world.gate();
    expect(late.status.services().map(({ name }) => name)).toContain("s");
  });
});

/** As `recovers`, while `left` jobs go on. */
async function recoversWith(all: Scene, left: number): Promise<void> {
  if (left === 0) return await recovers(all);
  await eventuallyTrue(
    "calls are answered again",
    async () => (await codeOf(all.beside.call("s.run", ["probe"], { timeout: 2000 }))) === "ok",
  );
  await eventuallyTrue(
    "for the other caller too",
    async () => (await codeOf(all.apart.call("s.run", ["probe"], { timeout: 2000 }))) === "ok",
  );
}
