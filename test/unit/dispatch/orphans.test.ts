import { GateError } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";

describe("a waiting job without a live worker", () => {
  it("waits no longer than waitForWorker although its silent worker goes on ending older jobs", () => {
    const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 2000 }]);
    const { worker, endpoint } = bench.join("w", { capacity: 2 });
    bench.call();
    bench.call();
    const waiting = bench.call();
    endpoint.setState("down");
    bench.clock.advance(1500);
    worker.end(worker.sent[0]!);
    bench.clock.advance(500);
    expect(waiting.sink.error?.code).toBe("unavailable");
  });

  it("fails after waitForWorker when its silent worker loses the jobs that ran, and not at its own deadline", () => {
    const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 2000, timeoutMs: 60_000 }]);
    const { worker, endpoint } = bench.join("w");
    bench.call();
    endpoint.setState("down");
    const waiting = bench.call();
    bench.clock.advance(1000);
    worker.fail(worker.sent[0]!, new GateError("unavailable", "silent for 10 beats"));
    bench.clock.advance(10_000);
    expect(waiting.sink.error?.code).toBe("unavailable");
  });

  it("fails after waitForWorker when the only worker withdraws the method", () => {
    const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 2000 }]);
    const { endpoint } = bench.join("w");
    bench.call();
    const waiting = bench.call();
    bench.registry.withdraw(endpoint, ["S.m"]);
    bench.clock.advance(2000);
    expect(waiting.sink.error?.code).toBe("unavailable");
  });

  it("that came later than the others waits its own full time", () => {
    const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 2000 }]);
    bench.leave(bench.join("w"));
    const early = bench.call();
    bench.clock.advance(1500);
    const late = bench.call();
    bench.clock.advance(500);
    expect([early.sink.error?.code, late.sink.error?.code]).toEqual(["unavailable", undefined]);
    bench.clock.advance(1500);
    expect(late.sink.error?.code).toBe("unavailable");
  });

  it("waits its full time anew after a worker was alive in between, though that one had no room", () => {
    const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 2000 }]);
    const { endpoint } = bench.join("w");
    bench.call();
    const { sink } = bench.call();
    endpoint.setState("down");
    bench.clock.advance(1500);
    endpoint.setState("ready");
    bench.clock.advance(10);
    endpoint.setState("down");
    bench.clock.advance(1999);
    expect(sink.hasEnded).toBe(false);
    bench.clock.advance(1);
    expect(sink.error?.code).toBe("unavailable");
  });

  it("is saved by a worker that serves again after a silence", () => {
    const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 2000 }]);
    const { worker, endpoint } = bench.join("w");
    endpoint.setState("down");
    const { sink } = bench.call();
    bench.clock.advance(1999);
    endpoint.setState("ready");
    worker.end(worker.sent[0]!);
    expect(sink.value).toBe("done");
    bench.clock.advance(10_000);
    expect(bench.clock.timers).toBe(0);
  });
});
