import { defineService } from "unigate";
import { describe, expect, it } from "vitest";
import { RedisWorld } from "../../support/redis-world.ts";

const greeter = defineService("greeter", { hello: (name: string) => `Hello, ${name}` });

describe("over Redis", () => {
  it("a caller reaches a worker through a gate that neither of them can reach", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    await world.worker(greeter);
    const client = await world.client();
    expect(await client.call("greeter.hello", ["Ada"])).toBe("Hello, Ada");
    expect((await client.discover()).find(({ name }) => name === "greeter")?.methods).toHaveLength(1);
  });

  it("a caller reaches a worker where no gate runs at all", async () => {
    await using world = await RedisWorld.create();
    await world.worker(greeter);
    const client = await world.client();
    expect(await client.call("greeter.hello", ["Ada"])).toBe("Hello, Ada");
  });

  it("a gate that starts after everybody else knows what they serve with its first request", async () => {
    await using world = await RedisWorld.create();
    await world.worker(greeter);
    const gate = await world.gate();
    expect(gate.status.services().map(({ name }) => name)).toContain("greeter");
    const client = await world.client();
    expect(await client.call("greeter.hello", ["Ada"])).toBe("Hello, Ada");
  });

  it("workers that register at the same moment are all known, at every gate", async () => {
    await using world = await RedisWorld.create();
    const gates = [await world.gate(), await world.gate()];
    const names = Array.from({ length: 12 }, (_, at) => `s${at}`);
    await Promise.all(names.map((name) => world.worker(defineService(name, { name: () => name }))));
    const client = await world.client();
    expect(await Promise.all(names.map(async (name) => await client.call(`${name}.name`)))).toEqual(names);
    await expect
      .poll(() => gates.map((gate) => gate.status.services().filter(({ name }) => names.includes(name)).length))
      .toEqual([12, 12]);
  });

  it("nothing is left in the stream of a service, nor pending, once its jobs are done", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    await world.worker(greeter);
    const client = await world.client();
    await Promise.all(Array.from({ length: 500 }, async (_, at) => await client.call("greeter.hello", [String(at)])));
    const stream = "gate:{greeter}:jobs";
    await expect.poll(() => world.server.client.xlen(stream)).toBe(0);
    expect(await world.server.client.xpending(stream, "workers")).toEqual([0, null, null, null]);
  });

  it("a call to what nobody serves fails at once", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    await world.worker(greeter);
    const client = await world.client();
    await expect(Promise.resolve(client.call("greeter.nothing"))).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("a caller over Redis", () => {
  it("goes on through another gate when its own is gone, and without one when none is left", async () => {
    await using world = await RedisWorld.create();
    const gates = [await world.gate(), await world.gate()];
    await world.worker(greeter);
    const client = await world.client();
    for (const gate of [...gates, undefined]) {
      expect(await client.call("greeter.hello", ["Ada"], { idempotent: true })).toBe("Hello, Ada");
      await gate?.close();
    }
  });
});
