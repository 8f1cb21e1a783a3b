import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { ask, calcMethods, openGate, startCalc } from "./registry-world.ts";

const test = "http://127.0.0.1:9528";

describe("an instance whose heartbeats stop", () => {
  it("is gone after three of them, by default of 60 s", async () => {
    const clock = new ManualClock();
    const { url } = await openGate({}, {}, { clock });
    await ask(`${url}/register`, { name: "a", service: test });
    clock.advance(179_000);
    expect((await ask(`${url}/service/a`)).status).toBe(200);
    clock.advance(1000);
    expect((await ask(`${url}/service/a`)).status).toBe(404);
  });

  it("stays as long as they come, at the interval that it named", async () => {
    const clock = new ManualClock();
    const { url, gate } = await openGate({ registry: { heartbeat: "1s" } }, {}, { clock });
    const beat = async (): Promise<unknown> => await ask(`${url}/register`, { name: "slow", service: test, keepalive_time: 10 });
    await beat();
    await ask(`${url}/register`, { name: "quick", service: test });
    for (let beats = 0; beats < 3; beats++) {
      clock.advance(29_000);
      expect((await ask(`${url}/service/slow`)).status).toBe(200);
      await beat();
    }
    expect((await ask(`${url}/service/quick`)).status).toBe(404);
    clock.advance(30_000);
    expect((await ask(`${url}/service/slow`)).status).toBe(404);
    expect(gate.status.services()).toMatchObject([{ workers: 0 }, { workers: 0 }]);
  });

  it("fails its running jobs at once", async () => {
    const clock = new ManualClock();
    const { url, gate } = await openGate({}, { routes: { "calc.*": { timeout: 0, waitForWorker: 0 } } }, { clock });
    const calc = await startCalc();
    await ask(`${url}/register`, { name: "calc", service: calc.url, methods: calcMethods });
    const running = ask(`${url}/call/calc.slow`, []);
    await eventuallyTrue("it runs", () => calc.seen.length === 1);
    clock.advance(180_000);
    let isOver = false;
    void running.then(() => (isOver = true));
    await eventuallyTrue("it is over", () => (clock.advance(0), isOver));
    expect(await running).toMatchObject({ status: 503, body: { code: "unavailable" } });
    expect(gate.status.info().jobs.open).toBe(0);
  });
});
