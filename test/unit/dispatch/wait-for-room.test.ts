import { GateError } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";

const route = { pattern: "*", waitForRoomMs: 500, timeoutMs: 60_000 };

describe("a job of a route with waitForRoom", () => {
  it("fails as resource_exhausted once it has waited that long for a busy worker", () => {
    const bench = new DispatchBench([route]);
    bench.join("w");
    const running = bench.call();
    const waiting = bench.call();
    bench.clock.advance(490);
    expect(waiting.sink.ends).toBe(0);
    bench.clock.advance(30);
    expect(waiting.sink.error).toMatchObject({ code: "resource_exhausted", message: expect.stringContaining("waitForRoom") });
    expect(running.sink.ends).toBe(0);
  });

  it("runs as long as it needs once it has a place", () => {
    const bench = new DispatchBench([route]);
    const { worker } = bench.join("w");
    bench.call();
    const waited = bench.call();
    bench.clock.advance(400);
    worker.end(worker.sent[0]!);
    bench.clock.advance(30_000);
    expect(waited.sink.ends).toBe(0);
    bench.clock.advance(31_000);
    expect(waited.sink.error?.code).toBe("deadline_exceeded");
  });

  it("fails at its own deadline when that comes first", () => {
    const bench = new DispatchBench([route]);
    bench.join("w");
    bench.call();
    const waiting = bench.call({ deadline: bench.clock.now() + 100 });
    bench.clock.advance(150);
    expect(waiting.sink.error?.code).toBe("deadline_exceeded");
  });

  it("has the whole time anew when its worker could not start it", () => {
    const bench = new DispatchBench([route]);
    const { worker, endpoint } = bench.join("w");
    const job = bench.call();
    bench.clock.advance(10_000);
    endpoint.capacity = 0;
    worker.fail(worker.sent[0]!, new GateError("unavailable", "refused"), true);
    bench.clock.advance(490);
    expect(job.sink.ends).toBe(0);
    bench.clock.advance(30);
    expect(job.sink.error?.code).toBe("resource_exhausted");
  });

  it("hears that no worker is alive, when that is why it waits", () => {
    const bench = new DispatchBench([route]);
    const { endpoint } = bench.join("w");
    endpoint.setState("down");
    const waiting = bench.call();
    bench.clock.advance(520);
    expect(waiting.sink.error?.code).toBe("unavailable");
  });
});
