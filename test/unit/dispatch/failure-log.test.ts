import { connect, createWorker, defineService, GateError } from "unigate";
import { createGate } from "unigate/gate";
import type { Logger, LogLevel } from "unigate/transport";
import { describe, expect, it, onTestFinished } from "vitest";
import { ManualClock } from "../../support/manual-clock.ts";
import { memory } from "../../support/memory.ts";

type Line = [level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>];

const service = defineService("shop", {
  buy: (thing: string) => thing,
  fail: (code: "not_found" | "unavailable") => {
    throw new GateError(code, `it is ${code}`);
  },
  wait: () => new Promise(() => {}),
});

/** A gate, a worker and a client in this process, and what the gate has logged of jobs. */
async function world() {
  const clock = new ManualClock();
  const lines: Line[] = [];
  const log =
    (level: LogLevel): Logger["info"] =>
    (message, fields = {}) => {
      if (message.includes("job")) lines.push([level, message, fields]);
    };
  const logger: Logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
  const door = { name: "none", start: async () => ({ addresses: [], drain: async () => {}, close: async () => {} }) };
  const gate = createGate({ settle: 0, transports: [door], routes: { "shop.*": {} } }, { logger, clock });
  await gate.start();
  const worker = createWorker({ services: [service], id: "w1", open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  const client = connect("tcp://unused:1", { open: () => Promise.resolve(memory(gate)) });
  await client.ready();
  onTestFinished(async () => {
    await client.close();
    await worker.close();
    await gate.close();
  });
  return { clock, client, lines };
}

describe("the log of failed jobs", () => {
  it("has one line for each, with its id, target, route, code, reason and worker; none for a job that completes", async () => {
    const { client, lines } = await world();
    await client.call("shop.buy", ["tea"]);
    await expect(client.call("shop.fail", ["unavailable"], { metadata: { "x-request-id": "r1" } })).rejects.toThrow("it is unavailable");
    const fields = { job: "r1", target: "shop.fail", route: "shop.*", code: "unavailable", error: "it is unavailable", worker: "w1" };
    expect(lines).toEqual([["warn", "job failed", { ...fields, attempts: 1, ms: 0 }]]);
  });

  it("warns of what the gate or a worker is to blame for, informs of wrong calls, and tells a cancelled one for debugging only", async () => {
    const { client, lines } = await world();
    await expect(client.call("shop.fail", ["unavailable"])).rejects.toThrow("unavailable");
    await expect(client.call("shop.fail", ["not_found"])).rejects.toThrow("not_found");
    await expect(client.call("nobody.knows")).rejects.toThrow("nobody");
    const waiting = client.call("shop.wait");
    waiting.cancel();
    await expect(waiting).rejects.toThrow("cancelled");
    await client.call("shop.buy");
    expect(lines.map(([level, , { code, target }]) => [level, code, target].join(" "))).toEqual([
      "warn unavailable shop.fail",
      "info not_found shop.fail",
      "info not_found nobody.knows",
      "debug cancelled shop.wait",
    ]);
  });

  it("is bounded: beyond 100 lines in a second it tells only how many more failed, and a flood of wrong calls hides no warning", async () => {
    const { clock, client, lines } = await world();
    const wrong = Array.from({ length: 130 }, () => client.call("nobody.knows").catch(() => {}));
    await Promise.all(wrong);
    await expect(client.call("shop.fail", ["unavailable"])).rejects.toThrow("unavailable");
    expect(lines.map(([level]) => level)).toEqual([...Array.from({ length: 100 }, () => "info"), "warn"]);
    lines.length = 0;
    clock.advance(1000);
    expect(lines).toEqual([["info", "more jobs failed in the same second", { jobs: 30 }]]);
    await client.call("nobody.knows").catch(() => {});
    expect(lines).toHaveLength(2);
  });
});
