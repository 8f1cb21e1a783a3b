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

  it.each([
    [{ keys: ["short"] }, "keys[0]: is too short or malformed; `gate keys generate` makes a good one"],
    [{ keys: [{ name: "", key: "a-key-that-is-long-enough" }] }, "keys[0].name: is empty; name who holds the key"],
    [{ keys: [{ name: "web", key: "a-key-that-is-long-enough", may: ["fly"] }] }, "keys[0]: is not a key; write"],
    [{ log: { level: "loud" } }, "log.level: is not a level; known are debug, info, warn, error"],
    [{ log: { redact: ["ssn", 3] } }, "log.redact[1]: is not a name; write that of a field"],
    [{ log: { kep: 3 } }, "log.kep: is not a known key; did you mean keep?"],
    [{ log: "loud" }, "log: is not an object; write"],
    [{ lostAfter: 4.5 }, "lostAfter: is not a whole number; write 4 or more"],
    [{ lostAfter: 3 }, "lostAfter: is too small; write 4 or more"],
    [{ routes: [] }, "routes: is not an object; write"],
    [{ routes: { "a.b": "live" } }, 'routes["a.b"]: is not an object; write'],
    [{ routes: { "a.b": { http: ["POST /x", "/y"] } } }, 'routes["a.b"].http[1]: is not a binding; write "POST /path/:param"'],
    [{ routes: { "a.b": { idempotent: "yes" } } }, 'routes["a.b"].idempotent: is not true or false; write one of them'],
    [{ routes: { "a.b": { timeuot: "1s" } } }, 'routes["a.b"].timeuot: is not a known key; did you mean timeout?'],
    [{ plugins: [{ name: "half" }] }, "plugins[0]: is not a plugin; import one"],
    [{ maxPayload: "huge" }, "maxPayload: is not a size; write one such as"],
    [{ name: null }, "name: is not a text; write a name"],
  ])("with %j is told that %s", (part, told) => {
    const message = faultsOf({ transports: [http()], ...part });
    expect(message).toContain("gate.config.ts has 1 fault:\n");
    expect(message).toContain(told);
  });

  it("takes every key it may have", () => {
    const keys = [{ name: "web", key: "a-key-that-is-long-enough", may: ["call" as const] }, "another-key-that-is-long"];
    const routes = {
      "a.b": { http: ["POST /x", "GET /y"], queue: 0, attempts: 1, public: true, mode: "async" as const, orderBy: ":binding" },
    };
    const log = { level: "warn" as const, file: "log/gate", fileSize: "1mb", keep: 2, redact: ["ssn"] };
    const config = { name: "home", transports: [http()], keys, routes, log, jobs: { maxAttempts: 1 }, lostAfter: 4, drainTimeout: 0 };
    const settings = parseConfig(defineConfig(config));
    expect(settings.keys.map(({ name, may }) => [name, may])).toEqual([
      ["web", ["call"]],
      ["key 2", ["call", "work", "admin"]],
    ]);
    expect(settings.http.get("a.b")).toEqual(["POST /x", "GET /y"]);
  });

  it("binds HTTP paths only to single methods", () => {
    expect(faultsOf({ transports: [http()], routes: { "S.*": { http: "GET /x" } } })).toContain("binds a pattern");
  });
});
