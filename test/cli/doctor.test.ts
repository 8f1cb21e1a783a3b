import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Finding, PromiseFinding } from "../../cli/doctor/finding.ts";
import { freePort, gate, startGate } from "../support/processes.ts";
import { RedisServer } from "../support/redis-server.ts";
import { missing, Terminal } from "../support/terminal.ts";
import { workspace } from "../support/workspace.ts";

interface Report {
  isSound: boolean;
  findings: Finding[];
  promises: PromiseFinding[];
}

/** What the doctor says of a config with these transports and this rest. */
async function visit(
  transports: string,
  rest = "",
): Promise<Report & { code: number | string; about: (check: string) => Finding | undefined }> {
  const folder = await workspace({
    "gate.config.ts": `import { defineConfig } from "unigate"; import { http } from "unigate/http"; import { zmq } from "unigate/zmq";
import { redis, redisJobs } from "unigate/redis";
void [http, zmq, redis, redisJobs];
export default defineConfig({ transports: [${transports}], ${rest} });\n`,
  });
  const { code, stdout, stderr } = await gate(["doctor", "-c", `${folder}/gate.config.ts`]);
  expect(stderr).toBe("");
  const report = JSON.parse(stdout) as Report;
  return { ...report, code, about: (check) => report.findings.find((finding) => finding.check === check) };
}

async function redisServer(...args: string[]): Promise<string> {
  const server = await RedisServer.start(args);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server.url;
}

const aboutQueued = ({ promises }: Report): PromiseFinding | undefined => promises.find(({ promise }) => promise.startsWith("queued"));

describe("gate doctor", () => {
  it("finds a sound set-up sound, and says of each promise whether it holds", async () => {
    const report = await visit(`http({ port: ${await freePort()} }), zmq({ bind: "tcp://127.0.0.1:${await freePort()}" })`);
    expect(report).toMatchObject({ code: 0, isSound: true });
    expect(report.about("Node.js")).toMatchObject({ state: "good", found: process.versions.node });
    for (const check of ["open files", "clock"]) expect(report.about(check)).toBeDefined();
    expect(report.promises.map(({ holds }) => holds)).toEqual(["yes", "yes", "limited", "yes", "limited", "yes"]);
    expect(aboutQueued(report)?.because).toMatch(/memory of the gate/);
  });

  it("names who has taken a port, and exits with 1; a gate that answers there is none the worse", async () => {
    const server = createServer((socket) => socket.end("I am no gate\n"));
    const taken = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    onTestFinished(() => void server.close());
    const folder = await workspace();
    const { zmq } = await startGate(folder);
    const report = await visit(`http({ port: ${taken} }), zmq({ bind: "${zmq}" })`);
    expect(report).toMatchObject({ code: 1, isSound: false });
    const finding = report.about(`port ${taken}`);
    expect(finding).toMatchObject({ state: "broken", remedy: expect.stringContaining("another port") });
    if (process.platform === "linux") expect(finding?.found).toContain(`(${process.pid})`);
    expect(report.about(`port ${new URL(zmq).port}`)).toMatchObject({ state: "good", found: `a gate answers at ${zmq}` });
  });

  it("warns of a gate without keys that others can reach", async () => {
    const port = await freePort();
    expect((await visit(`http({ host: "0.0.0.0", port: ${port} })`)).about("keys")).toMatchObject({ state: "warning" });
    const locked = await visit(`http({ host: "0.0.0.0", port: ${port} })`, 'keys: ["0123456789abcdef0123456789abcdef"]');
    expect(locked.about("keys")).toBeUndefined();
  });

  it.each([
    [["--appendonly", "yes"], "good", "good", "yes"],
    [["--appendonly", "yes", "--appendfsync", "everysec"], "good", "good", "limited"],
    [["--save", "60 1"], "warning", "good", "limited"],
    [[], "warning", "good", "limited"],
    [["--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"], "good", "warning", "yes"],
    [["--appendonly", "yes", "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"], "good", "broken", "no"],
  ])("reads the settings of Redis: %j", async (args, persistence, eviction, holds) => {
    const url = await redisServer(...args);
    const report = await visit(`redis({ url: "${url}" })`, `jobs: { store: redisJobs({ url: "${url}" }) }`);
    expect(report.about("Redis")).toMatchObject({ state: "good", found: expect.stringMatching(/^\d+\.\d+.* at /) });
    expect(report.about("Redis persistence")?.state).toBe(persistence);
    expect(report.about("Redis eviction")?.state).toBe(eviction);
    expect(aboutQueued(report)?.holds).toBe(holds);
    expect(report.code).toBe(eviction === "broken" ? 1 : 0);
  });

  it("says that a Redis is not there, and what that means for jobs that are kept in it", async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const report = await visit(`redis({ url: "${url}" })`, `jobs: { store: redisJobs({ url: "${url}" }) }`);
    expect(report).toMatchObject({ code: 1, isSound: false });
    expect(report.about("Redis")).toMatchObject({ state: "broken" });
    expect(aboutQueued(report)).toMatchObject({ holds: "no", because: expect.stringContaining("does not answer") });
  });

  it("names every fault of a config, as gate check does", async () => {
    const folder = await workspace({ "gate.config.ts": "export default { transports: 1 };\n" });
    const { code, stdout, stderr } = await gate(["doctor", "-c", `${folder}/gate.config.ts`]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("transports");
  });
});

describe.skipIf(missing !== undefined)(`gate doctor in a terminal${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  it("writes a line per finding, with a mark and the remedy, and a line per promise", async () => {
    const port = await freePort();
    const folder = await workspace({
      "gate.config.ts": `import { defineConfig } from "unigate"; import { http } from "unigate/http";
export default defineConfig({ transports: [http({ host: "0.0.0.0", port: ${port} })] });\n`,
    });
    const terminal = new Terminal("doctor", { cwd: folder, columns: 140, rows: 50 });
    await terminal.shows(/exit code 0/);
    expect(terminal.screen).toMatch(/✔ Node\.js +\d+\.\d+/);
    expect(terminal.screen).toMatch(/! keys +there is none: .*\n +→ gate keys generate makes one/);
    expect(terminal.screen).toMatch(/✔ exactly one outcome per job/);
    expect(terminal.screen).toMatch(/! queued \(async\) jobs run at least once, as durable as their store/);
  });
});
