import { defineService } from "unigate";
import { redisJobs } from "unigate/redis";
import type { AsyncJobStatus } from "unigate/transport";
import { describe, expect, it, type TestContext } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { RedisWorld } from "../../support/redis-world.ts";
import { codeOf } from "../../support/code-of.ts";

const service = defineService("s", { run: (name: string) => name });

function takesTime({ skip }: TestContext): void {
  if (process.env["SLOW"] !== "1") skip("it lasts as long as the outage; SLOW=1 runs it");
}

/** With the beats and leases that users have. */
describe.concurrent("Redis, with a beat a second,", () => {
  for (const awayMs of [10_000, 60_000])
    it(
      `is away for ${awayMs / 1000} s: calls fail at once, what was accepted runs afterwards, and everybody is back`,
      {
        timeout: awayMs + 40_000,
      },
      async (context) => {
        takesTime(context);
        await using world = await RedisWorld.create(["--appendonly", "yes"]);
        world.heartbeat("1s");
        const gate = await world.gate({}, { jobs: { store: redisJobs({ url: world.server.url }) } });
        const runs: string[] = [];
        const kept = defineService("kept", { run: (name: string) => void runs.push(name) });
        await (await world.worker(kept)).close();
        await world.worker(service);
        const [beside, apart] = [await world.clientOf(gate), await world.client()];
        const { id } = await beside.call<AsyncJobStatus>("Gate.submit", ["kept.run", ["accepted"]]);
        await world.server.kill();
        const end = performance.now() + awayMs;
        while (performance.now() < end) {
          // Not its deadline: nobody waits for Redis to come back.
          expect(await codeOf(beside.call("s.run", ["away"], { timeout: "30s" }))).toBe("unavailable");
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
        await world.server.run();
        await world.worker(kept);
        for (const client of [beside, apart])
          await eventuallyTrue("calls go on", async () => (await codeOf(client.call("s.run", [1], { timeout: 2000 }))) === "ok");
        await eventuallyTrue(
          "the job is done",
          async () => (await beside.call<AsyncJobStatus>("Gate.job", [id])).state === "completed",
          30_000,
        );
        expect(runs).toEqual(["accepted"]);
        await eventuallyTrue("every place is given back", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
      },
    );

  it("is paused for 10 s: calls fail instead of hanging, and nobody is taken for lost", { timeout: 50_000 }, async (context) => {
    takesTime(context);
    await using world = await RedisWorld.create();
    world.heartbeat("1s");
    const gate = await world.gate();
    await world.worker(service);
    const client = await world.clientOf(gate);
    await eventuallyTrue("the gate knows it", () => gate.status.services().some(({ name }) => name === "s"));
    const before = await world.server.client.hkeys("gate:{table}:members");
    world.server.signal("SIGSTOP");
    const resumed = new Promise<void>((resolve) => setTimeout(() => (world.server.signal("SIGCONT"), resolve()), 10_000));
    expect(await codeOf(client.call("s.run", ["paused"], { timeout: "30s" }))).toBe("unavailable");
    await resumed;
    await eventuallyTrue("calls go on", async () => (await codeOf(client.call("s.run", [1], { timeout: 2000 }))) === "ok");
    expect(new Set(await world.server.client.hkeys("gate:{table}:members"))).toEqual(new Set(before));
  });
});
