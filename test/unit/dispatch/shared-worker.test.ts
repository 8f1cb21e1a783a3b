import { describe, expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";

describe("a worker of several methods", () => {
  it("goes to the method whose next job has waited longest, whichever method began to wait first", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w", { methods: ["S.a", "S.b"] });
    bench.call({ target: "S.a" });
    const impatient = bench.call({ target: "S.a" });
    bench.clock.advance(1);
    bench.call({ target: "S.b" });
    bench.clock.advance(1);
    bench.call({ target: "S.a" });
    impatient.control.cancel();
    worker.end(worker.sent[0]!);
    expect(worker.sent[1]!.job.target).toBe("S.b");
  });

  it("is never given more than its capacity over all methods together", () => {
    const bench = new DispatchBench();
    const { worker, endpoint } = bench.join("w", { methods: ["S.a", "S.b"], capacity: 3 });
    for (let at = 0; at < 4; at++) for (const target of ["S.a", "S.b"]) bench.call({ target });
    while (worker.open.length > 0) {
      expect(endpoint.inFlight).toBeLessThanOrEqual(3);
      expect(worker.open).toHaveLength(endpoint.inFlight);
      worker.end(worker.open[0]!);
    }
    expect(worker.sent).toHaveLength(8);
  });

  it("of which one has no work leaves its whole capacity to the other", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w", { methods: ["S.a", "S.b"], capacity: 3 });
    for (let at = 0; at < 3; at++) bench.call({ target: "S.b" });
    expect(worker.sent).toHaveLength(3);
  });
});
