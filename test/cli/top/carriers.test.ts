import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gate, GateProcess } from "../../support/processes.ts";
import { freePorts, RedisServer } from "../../support/redis-server.ts";
import { missing, Terminal } from "../../support/terminal.ts";
import { workspace } from "../../support/workspace.ts";

let redis: RedisServer;
beforeAll(async () => void (redis = await RedisServer.start()));
afterAll(() => redis[Symbol.asyncDispose]());

interface Served {
  process: GateProcess;
  again: () => GateProcess;
  urls: Readonly<Record<"tcp" | "ws" | "http" | "grpc" | "redis", string>>;
}

/** A gate with a door of every transport, and a worker in its process. */
async function serve(name: string, prefix: string): Promise<Served> {
  const [zmqPort, httpPort, grpcPort] = (await freePorts(3)) as [number, number, number];
  const redisUrl = `${redis.url}?prefix=${prefix}&heartbeat=200ms`;
  const folder = await workspace({
    "text.ts": 'export const service = "text";\nexport const echo = (text: string) => text;\n',
    "gate.config.ts": `
import { defineConfig } from "unigate";
import { grpc } from "unigate/grpc";
import { http } from "unigate/http";
import { redis } from "unigate/redis";
import { zmq } from "unigate/zmq";
export default defineConfig({
  name: "${name}",
  transports: [
    http({ port: ${httpPort} }),
    zmq({ bind: "tcp://127.0.0.1:${zmqPort}" }),
    grpc({ port: ${grpcPort}, upstreams: { "shop.*": { to: "127.0.0.1:9", pool: { size: 7 } } } }),
    redis({ url: "${redis.url}", prefix: "${prefix}", heartbeat: "200ms" }),
  ],
});
`,
  });
  const again = (): GateProcess => new GateProcess(["serve", "-c", `${folder}/gate.config.ts`, "--worker", `${folder}/text.ts`]);
  const process = again();
  await process.says(/ready in/);
  return {
    process,
    again,
    urls: {
      tcp: `tcp://127.0.0.1:${zmqPort}`,
      ws: `ws://127.0.0.1:${httpPort}`,
      http: `http://127.0.0.1:${httpPort}`,
      grpc: `grpc://127.0.0.1:${grpcPort}`,
      redis: redisUrl,
    },
  };
}

async function snapshot(url: string): Promise<{ name: string; workers: { id: string }[]; targets: { name: string }[] }> {
  const { code, stdout, stderr } = await gate(["top", "--json", "--gate", url]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Awaited<ReturnType<typeof snapshot>>;
}

describe("gate top", () => {
  it("attaches to a gate over tcp, ws, http, grpc and redis, and sees the same over each", async () => {
    const { urls } = await serve("lab", "carriers");
    const seen = await Promise.all(Object.values(urls).map(snapshot));
    for (const [at, scheme] of Object.keys(urls).entries())
      expect(seen[at], scheme).toMatchObject({
        name: "lab",
        workers: expect.arrayContaining([expect.objectContaining({ state: "ready" })]),
        targets: [{ name: "text.echo" }],
        pools: [{ name: "shop.*", servers: 1 }],
        kept: { waiting: 0, dead: 0, isOld: false },
      });
  });

  it("attaches to the gate that ?gate= names, where several share a Redis", async () => {
    const [one, two] = await Promise.all([serve("one", "several"), serve("two", "several")]);
    expect((await snapshot(`${one.urls.redis}&gate=one`)).name).toBe("one");
    expect((await snapshot(`${two.urls.redis}&gate=two`)).name).toBe("two");
    expect(["one", "two"]).toContain((await snapshot(one.urls.redis)).name);
    const other = await gate(["top", "--json", "--gate", `${one.urls.redis}&gate=three`]);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringMatching(/^unavailable: no gate named "three" .*there is (one, two|two, one)/),
    ]);
  });

  it("like every command about a gate, does not take a Redis without a gate for one", async () => {
    const url = `${redis.url}?prefix=nobody`;
    const commands = [["top", "--once"], ["info"], ["queues"], ["jobs", "list"], ["call", "a.b", "--async"]];
    // Each waits a while for a gate to come.
    const asked = await Promise.all(commands.map((args) => gate([...args, "--gate", url])));
    for (const { code, stdout, stderr } of asked)
      expect([code, stdout, stderr]).toEqual([1, "", expect.stringMatching(/no gate is at redis:.*; start one/)]);
    expect(await gate(["list", "--gate", url])).toMatchObject({ code: 0, stdout: "[]\n" });
  });

  it.skipIf(missing !== undefined)(
    `over Redis says that its gate is away, waits for it, and follows it again${missing === undefined ? "" : ` (skipped: ${missing})`}`,
    async () => {
      const { process: running, again, urls } = await serve("lab", "restart");
      const terminal = new Terminal(`top --gate '${urls.redis}'`);
      await terminal.shows(/lab .*● ready[\s\S]*text\.echo/);
      await running.kill();
      await terminal.shows(/○ reconnecting[\s\S]*the gate is away, trying again/);
      await terminal.shows(/no gate is at redis:/);
      await again().says(/ready in/);
      await terminal.shows(/● ready[\s\S]*the gate has restarted/);
    },
  );
});
