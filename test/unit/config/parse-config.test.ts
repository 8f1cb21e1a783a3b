import { defineConfig, fifo, memoryJobs } from "unigate";
import { parseConfig } from "unigate/config";
import { http } from "unigate/http";
import { github } from "unigate/webhooks";
import { zmq } from "unigate/zmq";
import { describe, expect, it } from "vitest";

function faultsOf(config: unknown): string {
  try {
    parseConfig(config, "gate.config.ts");
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("a config", () => {
  it("fills in every default", () => {
    const settings = parseConfig(defineConfig({ transports: [http()], routes: { "S.*": { strategy: fifo(), timeout: "2m" } } }));
    expect(settings).toMatchObject({ heartbeatMs: 1000, lostAfterBeats: 10, maxPayloadBytes: 16 * 1024 * 1024, settleMs: 3000 });
    expect(settings.routes[0]).toMatchObject({ pattern: "S.*", timeoutMs: 120_000, queue: 10_000, waitForWorkerMs: 2000 });
  });

  it("with several mistakes names them all at once, each with its path and a remedy", () => {
    const message = faultsOf({
      transports: [http({ port: 99_999 }), zmq({ bind: "5555" })],
      routes: { "S.*": { timeout: "soon", strategy: "fifo" }, "no pattern": {} },
      heartbaet: "1s",
    });
    expect(message).toContain("gate.config.ts has 6 faults");
    for (const part of [
      "transports[0].port: 99999 is not a port; write",
      'transports[1].bind: "5555" is not a ZeroMQ address; write',
      'routes["S.*"].timeout: is not a duration; write',
      'routes["S.*"].strategy: is not a strategy; import one from "unigate"',
      'routes["no pattern"]: is not a pattern; write',
      "heartbaet: is not a known key; did you mean heartbeat?",
    ])
      expect(message).toContain(part);
  });

  it("names the faults of its jobs, those of their store included", () => {
    const message = faultsOf({
      transports: [http()],
      jobs: { store: memoryJobs({ maxBytes: "lots" }), maxAttempts: 0, resultTtl: "soon", maxWaitin: 3 },
    });
    for (const part of [
      "jobs.store.maxBytes: is not a size above zero; write",
      "jobs.maxAttempts: is too small; write 1 or more",
      "jobs.resultTtl: is not a duration above zero; write",
      "jobs.maxWaitin: is not a known key; did you mean maxWaiting?",
    ])
      expect(message).toContain(part);
    expect(faultsOf({ transports: [http()], jobs: { store: "redis" } })).toContain("jobs.store: is not a job store; import one");
  });

  it.each([[undefined], [3], [{}], [{ transports: [] }], [{ transports: [{}] }], [{ transports: [http()], routes: 3 }]])(
    "that is %j is refused with a remedy",
    (config) => {
      expect(faultsOf(config)).toMatch(/has 1 fault:\n {2}.+: .+; .+/);
    },
  );

  it("names the faults of how its routes take jobs in", () => {
    const faults = (route: object): string => faultsOf({ transports: [http()], routes: { "hooks.take": route } });
    expect(faults({ mode: "asynch" })).toContain('routes["hooks.take"].mode: is not a mode; known are live, async, live-else-inbox');
    expect(faults({ webhook: "github" })).toContain('routes["hooks.take"].webhook: is not a sender of webhooks; import one');
    expect(faults({ webhook: github({ secret: "" }) })).toContain('routes["hooks.take"].webhook.secret: is missing or malformed; write');
    expect(faults({ orderBy: "x shop", mode: "async" })).toContain('routes["hooks.take"].orderBy: is not a header; write');
    expect(faults({ orderBy: "x-shop", mode: "live-else-inbox" })).toContain(
      "orderBy: orders jobs that are kept, but the mode is live-else-inbox",
    );
  });

  it("binds HTTP paths only to single methods", () => {
    expect(faultsOf({ transports: [http()], routes: { "S.*": { http: "GET /x" } } })).toContain("binds a pattern");
  });
});
