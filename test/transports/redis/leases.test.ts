import { defineService } from "unigate";
import { describe, expect, it } from "vitest";
import { RedisWorld } from "../../support/redis-world.ts";

/** Lets the lease of the one participant of a kind lapse while it lives: as often as it comes back, for longer than a lease. */
async function takeLease({ server: { client: redis } }: RedisWorld, kind: "worker" | "gate"): Promise<void> {
  const members = await redis.hgetall("gate:{table}:members");
  const id = Object.keys(members).find((one) => members[one]?.includes(kind)) as string;
  let times = 0;
  await expect
    .poll(
      async () => {
        await redis.multi().zrem("gate:{table}:leases", id).hdel("gate:{table}:members", id).incr("gate:{table}:version").exec();
        return ++times;
      },
      { interval: 5, timeout: 15_000 },
    )
    .toBeGreaterThan(100);
}

describe("a job that is pulled", () => {
  it("stays with a worker whose lease has lapsed while it lives", async () => {
    await using world = await RedisWorld.create();
    await world.gate();
    let runs = 0;
    const release = Promise.withResolvers<string>();
    await world.worker(defineService("s", { run: () => (runs++, release.promise) }), { concurrency: 1 });
    const client = await world.client();
    const calls = [1, 2].map(() => Promise.resolve(client.call("s.run")));
    await expect.poll(() => runs).toBe(1);
    await takeLease(world, "worker");
    release.resolve("done");
    expect(await Promise.all(calls)).toEqual(["done", "done"]);
    expect(runs).toBe(2);
  });
});

describe("a job that is pushed", () => {
  it.each(["worker", "gate"] as const)(
    "comes through again by itself after the lease of the %s has lapsed while it lives",
    async (kind) => {
      await using world = await RedisWorld.create();
      const gate = await world.gate({ delivery: "push" });
      await world.worker(defineService("s", { run: () => "done" }));
      const client = await world.clientOf(gate);
      await expect.poll(() => gate.status.workers().length).toBe(1);
      expect(await client.call("s.run")).toBe("done");
      await takeLease(world, kind);
      await expect.poll(() => gate.status.workers().map(({ state }) => state), { timeout: 5000 }).toEqual(["ready"]);
      const calls = Array.from({ length: 20 }, async () => await client.call("s.run", [], { timeout: "5s" }));
      expect(new Set(await Promise.all(calls))).toEqual(new Set(["done"]));
    },
  );

  it("is answered though the lease of its worker, or of its gate, lapses while it runs", async () => {
    await using world = await RedisWorld.create();
    const gate = await world.gate({ delivery: "push" });
    let runs = 0;
    const release = Promise.withResolvers<string>();
    await world.worker(defineService("s", { run: () => (runs++, release.promise) }));
    const client = await world.clientOf(gate);
    await expect.poll(() => gate.status.workers().length).toBe(1);
    const call = Promise.resolve(client.call("s.run"));
    await expect.poll(() => runs).toBe(1);
    const { client: redis } = world.server;
    const ids = Object.keys(await redis.hgetall("gate:{table}:members"));
    expect(ids).toHaveLength(2);
    await redis.multi().del("gate:{table}:leases", "gate:{table}:members").incr("gate:{table}:version").exec();
    await expect.poll(async () => await redis.hlen("gate:{table}:members")).toBe(2);
    const beatsOf = async (): Promise<string | null> => await redis.get("gate:{table}:last-beat");
    const seen = new Set<string | null>();
    // Both have beaten often enough to have given the other up.
    await expect.poll(async () => seen.add(await beatsOf()).size).toBeGreaterThan(8);
    release.resolve("done");
    expect(await call).toBe("done");
    expect(runs).toBe(1);
  });
});
