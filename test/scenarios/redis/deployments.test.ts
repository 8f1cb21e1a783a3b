import { defineService, GateError, method } from "unigate";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { RedisCluster } from "../../support/redis-cluster.ts";
import { RedisSentinel } from "../../support/redis-sentinel.ts";
import { RedisWorld } from "../../support/redis-world.ts";

const names = Array.from({ length: 8 }, (_, at) => `service${at}`);
const services = names.map((name) =>
  defineService(name, {
    echo: (value: unknown) => value,
    count: method({ idempotent: true }, async function* (to: number) {
      for (let at = 0; at < to; at++) yield at;
    }),
  }),
);

async function answers(call: PromiseLike<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    expect(["unavailable", "deadline_exceeded", "not_found"]).toContain(GateError.from(error).code);
    return false;
  }
}

describe("a cluster of three nodes", () => {
  it("carries every service, wherever its keys lie, and outlives a node that is away for a while", async () => {
    const cluster = await RedisCluster.start();
    await using world = RedisWorld.on(cluster, cluster.nodes[0]!);
    const gate = await world.gate();
    await world.worker(services);
    const client = await world.client();
    expect(await Promise.all(names.map(async (name) => await client.call(`${name}.echo`, [name])))).toEqual(names);
    expect(await client.call("service0.count", [500])).toHaveLength(500);
    const used = await Promise.all(cluster.nodes.map(async ({ client: node }) => (await node.keys("gate:{service*")).length));
    expect(used.filter((keys) => keys > 0).length).toBeGreaterThan(1);

    await cluster.nodes[1]!.kill();
    await cluster.nodes[1]!.run();
    for (const name of names)
      await eventuallyTrue(`${name} answers again`, async () => await answers(client.call(`${name}.echo`, [1], { timeout: 2000 })), 15_000);
    await eventuallyTrue("every place is given back", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
  }, 60_000);
});

describe("a cluster with replicas", () => {
  it("loses a master: its replica takes over, what had waited there runs and is answered", { timeout: 90_000 }, async () => {
    const cluster = await RedisCluster.start(1);
    await using world = RedisWorld.on(cluster, cluster.nodes[0]!);
    // Nobody gives anything up before the replica has taken over.
    world.heartbeat("1m");
    const gate = await world.gate();
    await (await world.worker(services)).close();
    const client = await world.clientOf(gate);
    await eventuallyTrue("the gate knows it", () => gate.status.services().some(({ name }) => name === "service0"));
    const calls = [1, 2, 3].map((at) => client.call("service0.echo", [at], { timeout: "1m" }));
    const { master, replica } = await cluster.holdersOf("gate:{service0}:jobs");
    await replica.client.readonly();
    await eventuallyTrue("the replica has them", async () => (await replica.client.xlen("gate:{service0}:jobs")) === 3);
    await master.kill();
    await eventuallyTrue("the replica takes over", async () => (await replica.client.role())[0] === "master", 30_000);
    await world.worker(services);
    expect(await Promise.all(calls)).toEqual([1, 2, 3]);
    await eventuallyTrue("calls go on", async () => await answers(client.call("service0.echo", [4], { timeout: 2000 })), 15_000);
  });
});

describe("a master that a sentinel watches", () => {
  it("is gone: its replica takes over, and everybody goes on there", async () => {
    const sentinel = await RedisSentinel.start();
    await using world = RedisWorld.on(sentinel, sentinel.master);
    const gate = await world.gate();
    await world.worker(services);
    const client = await world.client();
    expect(await client.call("service0.echo", ["before"])).toBe("before");
    await sentinel.failOver();
    await eventuallyTrue("calls go on", async () => await answers(client.call("service0.echo", [1], { timeout: 2000 })), 15_000);
    expect(await Promise.all(names.map(async (name) => await client.call(`${name}.echo`, [name])))).toEqual(names);
    await eventuallyTrue("every place is given back", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
  }, 90_000);
});

describe("users of Redis", () => {
  it("with rights to nothing but keys under the prefix can do everything", async () => {
    await using world = await RedisWorld.create();
    await world.server.client.call("ACL", "SETUSER", "gate", "on", ">secret", "~gate:*", "+@all", "-@admin", "-@dangerous", "+info");
    const open = world.url;
    const as = open.replace("//", "//gate:secret@");
    const gate = await world.gate({ url: as });
    const said: string[] = [];
    const hear = (message: string, fields?: unknown): void => void said.push(`${message} ${JSON.stringify(fields)}`);
    await world.worker(services, { gate: as, logger: { debug: hear, info: hear, warn: hear, error: hear } });
    expect(said.join("\n")).toContain("gate@127.0.0.1");
    expect(said.join("\n")).not.toContain("secret");
    const client = await world.clientOf(gate);
    await eventuallyTrue("the gate knows them", () => gate.status.services().some(({ name }) => name === "service7"));
    expect(await client.call("service7.echo", ["acl"])).toBe("acl");
    expect(gate.addresses.map(({ url }) => url).join("")).not.toContain("secret");
  });
});
