import { defineService } from "unigate";
import { describe, expect, it } from "vitest";
import { monitorRedis } from "../../support/redis-monitor.ts";
import { RedisWorld } from "../../support/redis-world.ts";

/** What clients ask of Redis from now on, without what scripts do: the name of each command, or the word of an echo. */
async function watch(world: RedisWorld): Promise<{ commands: () => string[]; stop(): void }> {
  const { commands, stop } = await monitorRedis(world.server.port);
  const asked = (): string[] =>
    commands.filter(({ isInScript }) => !isInScript).map(({ name, args }) => (name === "echo" ? (args[0] ?? "") : name));
  return { commands: asked, stop };
}

describe("a call over Redis", () => {
  it("costs one round trip until its worker has it, one until it is answered, and nobody polls", async () => {
    await using world = await RedisWorld.create();
    // Without beats in between.
    world.heartbeat("1h");
    const { client: raw } = world.server;
    const gate = await world.gate();
    await world.worker(defineService("s", { run: async () => void (await raw.echo("handler")) }));
    const client = await world.clientOf(gate);
    await expect.poll(() => gate.status.services().some(({ name }) => name === "s")).toBe(true);
    await client.call("s.run");
    await expect.poll(() => raw.xlen("gate:{s}:jobs")).toBe(0);
    const { commands, stop } = await watch(world);
    await raw.echo("start");
    await client.call("s.run");
    await raw.echo("answered");
    await expect.poll(() => commands().lastIndexOf("evalsha") > commands().lastIndexOf("xadd")).toBe(true);
    stop();
    const between = (from: string, to: string): string[] => commands().slice(commands().indexOf(from) + 1, commands().indexOf(to));
    // The read of the worker was waiting inside Redis already; what it begins next does not count towards this call.
    expect(between("start", "handler").filter((command) => command !== "xreadgroup")).toEqual(["evalsha"]);
    // The acknowledgement leaves after the answer, and nobody waits for it.
    expect(between("handler", "answered").filter((command) => !["xreadgroup", "xread", "evalsha"].includes(command))).toEqual(["xadd"]);
  });

  it("shares its round trips with others of the same turn", async () => {
    await using world = await RedisWorld.create();
    world.heartbeat("1h");
    const gate = await world.gate();
    await world.worker(defineService("s", { run: () => 1 }));
    const client = await world.clientOf(gate);
    await expect.poll(() => gate.status.services().some(({ name }) => name === "s")).toBe(true);
    await client.call("s.run");
    const { commands, stop } = await watch(world);
    await Promise.all(Array.from({ length: 64 }, async () => await client.call("s.run")));
    await expect.poll(() => commands().lastIndexOf("evalsha") > commands().lastIndexOf("xadd")).toBe(true);
    stop();
    expect(commands().filter((command) => command === "evalsha").length).toBeLessThanOrEqual(8);
    expect(commands().filter((command) => command === "xadd").length).toBeLessThanOrEqual(16);
  });
});

describe("an idle gate and an idle worker", () => {
  it("cost Redis at most five commands a second each, with a beat a second", async () => {
    await using world = await RedisWorld.create();
    const gate = await world.gate();
    await world.worker(defineService("s", { run: () => 1 }));
    await expect.poll(() => gate.status.services().some(({ name }) => name === "s")).toBe(true);
    const { commands, stop } = await watch(world);
    const beats = (): number => commands().filter((command) => command === "evalsha").length;
    await expect.poll(() => beats(), { timeout: 10_000 }).toBeGreaterThanOrEqual(20);
    stop();
    // Two participants beat: ten beats each are ten seconds, with a beat a second.
    expect(commands().length / (beats() / 2)).toBeLessThanOrEqual(2 * 5);
  });
});
