import { createServer } from "node:net";
import { defineService } from "unigate";
import { redis } from "unigate/redis";
import { createGate } from "unigate/gate";
import { systemClock } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { RedisWorld } from "../../support/redis-world.ts";

const service = defineService("s", {
  echo: (value: unknown) => value,
  left: () => import("unigate").then(({ currentJob }) => currentJob().timeLeft()),
});

describe("Redis that others write to as well", () => {
  it("has foreign and truncated entries in a stream of jobs: they are removed, and every job is answered", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    await world.worker(service);
    const client = await world.client();
    const { client: raw } = world.server;
    await raw.xadd("gate:{s}:jobs", "*", "hello", "world");
    await raw.xadd("gate:{s}:jobs", "*", "j", "not a header\nx");
    await raw.xadd("gate:{s}:jobs", "*", "j", "nobody 1 0 1 3 0 s.echo");
    await raw.xadd("gate:{s}:jobs", "*", "j", "nobody 1 0 1 3 0 s.echo\n");
    await raw.xadd("gate:{s}:jobs", "*", "j", Buffer.from("nobody 1 0 1 3 0 s.echo\n\x09\0\0\0\x04\0\0"));
    expect(await client.call("s.echo", [1])).toBe(1);
    await expect.poll(() => raw.xlen("gate:{s}:jobs")).toBe(0);
  });

  it("has them in a mailbox: they are passed over", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    await world.worker(service);
    const client = await world.client();
    const { client: raw } = world.server;
    const mailboxes = await raw.keys("gate:{inbox:*");
    expect(mailboxes.length).toBe(3);
    for (const mailbox of mailboxes) {
      await raw.xadd(mailbox, "*", "a", "b");
      await raw.xadd(mailbox, "*", "from", "nobody 1 1", "r", Buffer.from([1, 2, 3]));
      await raw.xadd(mailbox, "*", "from", "nobody 1 2", "flink", Buffer.from([1, 2, 3]));
      await raw.xadd(mailbox, "*", "from", "nobody 1 3", "d", "");
    }
    expect(await Promise.all(Array.from({ length: 20 }, async (_, at) => await client.call("s.echo", [at])))).toHaveLength(20);
  });

  it("has foreign values in the table: they are passed over", async () => {
    await using world = await RedisWorld.create();
    const { client: raw } = world.server;
    await raw.hset("gate:{table}:members", "stranger", "?");
    await raw.hset("gate:{table}:catalogue", "strange", "?", "s", Buffer.from([0xc1]));
    await world.gate();
    await world.worker(service);
    const client = await world.client();
    expect(await client.call("s.echo", [1])).toBe(1);
  });

  it("has another type of value under the name of a stream of jobs: a call fails as unavailable and names the key", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    await (await world.worker(service)).close();
    const client = await world.client();
    await world.server.client.del("gate:{s}:jobs");
    await world.server.client.set("gate:{s}:jobs", "mine");
    await expect(Promise.resolve(client.call("s.echo", [1]))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("WRONGTYPE"),
    });
    expect(await world.server.client.get("gate:{s}:jobs")).toBe("mine");
  });

  it("has another type of value under the name of the table: a gate does not start, and says why", async () => {
    await using world = await RedisWorld.create();
    await world.server.client.set("gate:{table}:members", "mine");
    await expect(world.gate()).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining("WRONGTYPE") });
  });
});

describe("participants that do not fit together", () => {
  it("under different prefixes do not meet", async () => {
    await using world = await RedisWorld.create();
    await world.gate({ prefix: "other" });
    await world.worker(service);
    const elsewhere = await world.client();
    expect(await elsewhere.call("s.echo", [1])).toBe(1);
    expect(await world.server.client.exists("other:{s}:jobs")).toBe(0);
  });

  it("whose clocks differ by an hour agree on a deadline", async () => {
    await using world = await RedisWorld.create();
    const hour = 3_600_000;
    for (const shift of [-hour, hour]) {
      const clock = { ...systemClock, now: () => systemClock.now() + shift, date: () => systemClock.date() + shift };
      const gate = createGate({ settle: 0, transports: [redis({ url: world.url, heartbeat: 100 })] }, { clock });
      await gate.start();
      const worker = await world.worker(service);
      const client = await world.clientOf(gate);
      await expect.poll(() => gate.status.services().some(({ name }) => name === "s")).toBe(true);
      const left = await client.call<number>("s.left", [], { timeout: 10_000 });
      expect(left).toBeGreaterThan(8_000);
      expect(left).toBeLessThanOrEqual(10_000);
      await worker.close();
      await client.close();
      await gate.close();
    }
  });

  it("cannot send a payload over the limit, in either direction, and go on after it", async () => {
    await using world = await RedisWorld.create();
    await world.gate({}, { maxPayload: "1mb" });
    await world.worker(defineService("s", { size: ({ length }: Uint8Array) => length, make: (size: number) => Buffer.alloc(size) }));
    const client = await world.client();
    await expect(Promise.resolve(client.call("s.size", [Buffer.alloc(2 * 1024 * 1024)]))).rejects.toMatchObject({
      code: "resource_exhausted",
    });
    await expect(Promise.resolve(client.call("s.make", [2 * 1024 * 1024]))).rejects.toMatchObject({ code: "resource_exhausted" });
    expect(await client.call("s.size", [Buffer.alloc(1000)])).toBe(1000);
  });
});

describe("a wrong address", () => {
  it("is told by the config check, all mistakes at once", () => {
    const options = { url: "http://x", prefix: "a b", delivery: "throw", maxLength: 0, maxDeliveries: 0.5, heartbeat: "soon" };
    const faults = redis(options as unknown as Parameters<typeof redis>[0]).check?.() ?? [];
    expect(faults.map(({ path }) => path)).toEqual(["url", "prefix", "delivery", "maxLength", "maxDeliveries", "heartbeat"]);
  });

  it("where nothing listens fails with the address; a wrong password is unauthenticated", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const gate = createGate({ transports: [redis({ url: `redis://127.0.0.1:${port}` })] });
    await expect(gate.start()).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining(`127.0.0.1:${port}`) });
    await using world = await RedisWorld.create(["--requirepass", "right"]);
    const locked = createGate({ transports: [redis({ url: world.url.replace("//", "//:wrong@") })] });
    await expect(locked.start()).rejects.toMatchObject({ code: "unauthenticated" });
  });
});
