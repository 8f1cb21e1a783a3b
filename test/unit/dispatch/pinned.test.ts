import { Metadata } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";

const v1 = Metadata.from({ "X-API-Version": "v1" });
const v2 = Metadata.from({ "X-API-Version": "v2" });

describe("a job pinned to a version", () => {
  it("that waits does not make a full queue refuse jobs that another version could run at once", () => {
    const bench = new DispatchBench([{ pattern: "*", queue: 1 }]);
    const one = bench.join("one", { version: "v1" });
    bench.join("two", { version: "v2" });
    bench.call({ metadata: v2 });
    bench.call({ metadata: v2 });
    const { sink } = bench.call();
    expect(sink.error?.code).toBeUndefined();
    expect(one.worker.sent).toHaveLength(1);
  });

  it("waits in the order of its version, however many wait for another one", () => {
    const bench = new DispatchBench();
    const one = bench.join("one", { version: "v1" });
    const two = bench.join("two", { version: "v2" });
    const [busy1, busy2] = [bench.call({ metadata: v1 }), bench.call({ metadata: v2 })];
    const later = [v1, v2, v1, v2].map((metadata) => bench.call({ metadata }));
    two.worker.end(two.worker.sent[0]!);
    two.worker.end(two.worker.sent[1]!);
    expect([busy1, busy2, ...later].map(({ sink }) => sink.hasEnded)).toEqual([false, true, false, true, false, false]);
    expect([one.worker.sent.length, two.worker.sent.length]).toEqual([1, 3]);
  });

  it("that no live worker has fails as unavailable after waitForWorker, like a job without any worker", () => {
    const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 2000, timeoutMs: 60_000 }]);
    bench.join("one", { version: "v1" });
    const { sink } = bench.call({ metadata: v2 });
    bench.clock.advance(2000);
    expect(sink.error?.code).toBe("unavailable");
  });

  it("runs on a worker of that version that joins while it waits", () => {
    const bench = new DispatchBench();
    bench.join("one", { version: "v1" });
    const { sink } = bench.call({ metadata: v2 });
    const { worker } = bench.join("two", { version: "v2" });
    worker.end(worker.sent[0]!);
    expect(sink.value).toBe("done");
  });

  it("runs on a worker that declares that version anew", () => {
    const bench = new DispatchBench();
    const { worker, endpoint } = bench.join("w", { version: "v1" });
    bench.call({ metadata: v2 });
    bench.registry.offer(endpoint, { capacity: 1, version: "v2", methods: [{ name: "S.m" }] });
    expect(worker.sent).toHaveLength(1);
  });

  it("never runs on another version, not even when it is placed again", () => {
    const bench = new DispatchBench();
    const one = bench.join("one", { version: "v1" });
    const two = bench.join("two", { version: "v2" });
    bench.call({ metadata: v2, idempotent: true });
    bench.leave(two);
    expect(one.worker.sent).toHaveLength(0);
  });

  it("keeps its place among the jobs of its version", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("two", { version: "v2" });
    for (const name of ["a", "b", "c"]) bench.call({ metadata: v2, payload: Buffer.from(name) });
    for (let at = 0; at < 3; at++) worker.end(worker.sent[at]!);
    expect(worker.sent.map(({ job }) => Buffer.from(job.payload).toString())).toEqual(["a", "b", "c"]);
  });
});
