import { fifo } from "unigate";
import { describe, expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";

describe("jobs that wait for an unknown target right after the start", () => {
  it("share one queue and one balancer once the target is known", () => {
    const bench = new DispatchBench([{ pattern: "*", strategy: fifo() }], 2000);
    for (let at = 0; at < 3; at++) bench.call();
    const { worker } = bench.join("w", { capacity: 10 });
    expect(worker.sent).toHaveLength(1);
    expect(bench.dispatcher.targets.get("S.m")).toMatchObject({ running: 1, counts: { accepted: 3 } });
  });

  it("respect the bound of that queue", () => {
    const bench = new DispatchBench([{ pattern: "*", queue: 1 }], 2000);
    const calls = Array.from({ length: 4 }, () => bench.call());
    bench.join("w");
    expect(calls.map(({ sink }) => sink.error?.code)).toEqual([undefined, undefined, "resource_exhausted", "resource_exhausted"]);
  });

  it("all hear of it when the gate closes", () => {
    const bench = new DispatchBench([], 2000);
    const calls = Array.from({ length: 4 }, () => bench.call());
    bench.join("w");
    bench.dispatcher.close();
    expect(calls.slice(1).map(({ sink }) => sink.error?.code)).toEqual(["unavailable", "unavailable", "unavailable"]);
  });

  it("hear of it when the gate closes before their worker came", () => {
    const bench = new DispatchBench([], 2000);
    const { sink } = bench.call();
    bench.dispatcher.close();
    expect(sink.error?.code).toBe("unavailable");
    expect(bench.dispatcher.open.size).toBe(0);
  });

  it("start in the order in which they came", () => {
    const bench = new DispatchBench([], 2000);
    for (const name of ["a", "b", "c"]) bench.call({ payload: Buffer.from(name) });
    const { worker } = bench.join("w", { capacity: 3 });
    expect(worker.sent.map(({ job }) => Buffer.from(job.payload).toString())).toEqual(["a", "b", "c"]);
  });

  it("can be cancelled, and expire at their own deadline", () => {
    const bench = new DispatchBench([], 2000);
    const cancelled = bench.call();
    const expired = bench.call({ deadline: 100 });
    cancelled.control.cancel();
    bench.clock.advance(116);
    expect([cancelled.sink.error?.code, expired.sink.error?.code]).toEqual(["cancelled", "deadline_exceeded"]);
    expect(bench.dispatcher.open.size).toBe(0);
  });

  it("do not wait when another method of the same service is served: then the name is wrong", () => {
    const bench = new DispatchBench([], 2000);
    bench.join("w", { methods: ["S.m"] });
    expect(bench.call({ target: "S.n" }).sink.error?.code).toBe("not_found");
  });
});
