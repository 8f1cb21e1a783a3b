import { GateError, Metadata } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";

describe("a job for a target", () => {
  it("that nobody has served fails as not_found at once, with the nearest name", () => {
    const bench = new DispatchBench();
    bench.join("w", { methods: ["Echo.echo"] });
    const { sink } = bench.call({ target: "Ehco.echo" });
    expect(sink.error?.code).toBe("not_found");
    expect(sink.error?.message).toContain("did you mean Echo.echo?");
  });

  it("that nobody has served waits for the gate to settle right after a start, and runs when its worker comes back", () => {
    const bench = new DispatchBench([], 2000);
    const early = bench.call();
    const wrong = bench.call({ target: "S.typo" });
    expect(early.sink.hasEnded).toBe(false);
    const { worker } = bench.join("w");
    expect(worker.sent).toHaveLength(1);
    bench.clock.advance(2000);
    expect(wrong.sink.error?.code).toBe("not_found");
  });

  it("whose worker has left waits waitForWorker, then fails as unavailable", () => {
    const bench = new DispatchBench();
    bench.leave(bench.join("w"));
    const { sink } = bench.call();
    bench.clock.advance(1999);
    expect(sink.hasEnded).toBe(false);
    bench.clock.advance(1);
    expect(sink.error?.code).toBe("unavailable");
  });

  it("whose worker has left runs on one that joins in time", () => {
    const bench = new DispatchBench();
    bench.leave(bench.join("w"));
    const { sink } = bench.call();
    bench.clock.advance(1500);
    const { worker } = bench.join("other");
    worker.end(worker.sent[0]!);
    expect(sink.value).toBe("done");
  });

  it("that the config names is known before any worker serves it", () => {
    const bench = new DispatchBench([{ pattern: "S.later" }]);
    const { sink } = bench.call({ target: "S.later" });
    expect(sink.hasEnded).toBe(false);
    bench.join("w", { methods: ["S.later"] });
    expect(bench.dispatcher.targets.get("S.later")?.running).toBe(1);
  });
});

describe("a queue", () => {
  it("refuses one job more than its bound as resource_exhausted, with a time to try again", () => {
    const bench = new DispatchBench([{ pattern: "S.*", queue: 2 }]);
    bench.join("w");
    const calls = Array.from({ length: 4 }, () => bench.call());
    expect(calls.map(({ sink }) => sink.error?.code)).toEqual([undefined, undefined, undefined, "resource_exhausted"]);
    expect(calls[3]!.sink.error?.details).toMatchObject({ queue: 2, retryAfterMs: 1000 });
  });

  it("refuses a job whose payload has no room among those that wait, of all methods together, and has it again when they go", () => {
    const bench = new DispatchBench([], 0, 100);
    const { worker } = bench.join("w", { methods: ["S.m", "S.n"] });
    const payload = Buffer.alloc(60);
    const [, second, third] = [bench.call({ payload }), bench.call({ payload }), bench.call({ payload, target: "S.n" })];
    expect(third.sink.error).toMatchObject({ code: "resource_exhausted", details: { retryAfterMs: 1000 } });
    expect(bench.call({ payload: Buffer.alloc(40), target: "S.n" }).sink.hasEnded).toBe(false);
    second.control.cancel();
    expect(bench.call({ payload, target: "S.n" }).sink.hasEnded).toBe(false);
    for (let at = 0; at < 3; at++) worker.end(worker.sent[at]!);
    expect(bench.call({ payload: Buffer.alloc(100) }).sink.hasEnded).toBe(false);
  });

  it("hands out jobs in the order in which they came", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w");
    for (let at = 0; at < 5; at++) bench.call({ payload: Buffer.from(String(at)) });
    for (let at = 0; at < 5; at++) worker.end(worker.sent[at]!);
    expect(worker.sent.map(({ job }) => Buffer.from(job.payload).toString())).toEqual(["0", "1", "2", "3", "4"]);
  });

  it("lets a job go whose deadline passes while it waits", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w");
    bench.call();
    const { sink } = bench.call({ deadline: bench.clock.now() + 100 });
    bench.clock.advance(120);
    expect(sink.error?.code).toBe("deadline_exceeded");
    worker.end(worker.sent[0]!);
    expect(worker.sent).toHaveLength(1);
  });

  it("lets a job go whose caller cancels, and keeps the others", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w");
    bench.call();
    const gone = bench.call();
    const last = bench.call();
    gone.control.cancel("enough");
    expect(gone.sink.error?.message).toBe("enough");
    worker.end(worker.sent[0]!);
    worker.end(worker.sent[1]!);
    expect(last.sink.value).toBe("done");
  });

  it("of ten thousand jobs drains through a worker that answers before send returns", () => {
    const bench = new DispatchBench([{ pattern: "*", queue: 10_000 }]);
    const held = bench.join("held");
    const calls = Array.from({ length: 10_000 }, () => bench.call());
    held.worker.answersAtOnce = true;
    held.worker.end(held.worker.sent[0]!);
    expect(calls.every(({ sink }) => sink.ends === 1)).toBe(true);
    expect(held.endpoint.inFlight).toBe(0);
  });

  it("serves the method that has waited longest when a worker of several has room again", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w", { methods: ["S.a", "S.b"] });
    bench.call({ target: "S.a" });
    bench.call({ target: "S.b" });
    bench.clock.advance(10);
    bench.call({ target: "S.a" });
    worker.end(worker.sent[0]!);
    expect(worker.sent[1]!.job.target).toBe("S.b");
  });
});

describe("a running job", () => {
  it("is cancelled at its worker, and holds the worker's place until the worker has let go", () => {
    const bench = new DispatchBench();
    const { worker, endpoint } = bench.join("w");
    const { sink, control } = bench.call();
    control.cancel();
    expect(sink.error?.code).toBe("cancelled");
    expect(worker.sent[0]!.isCancelled).toBe(true);
    expect(endpoint.inFlight).toBe(1);
    worker.fail(worker.sent[0]!, new GateError("cancelled", "gone"));
    expect(endpoint.inFlight).toBe(0);
    expect(sink.breaches).toEqual([]);
  });

  it("expires at its deadline, and its late answer reaches nobody", () => {
    const bench = new DispatchBench([{ pattern: "*", timeoutMs: 500 }]);
    const { worker } = bench.join("w");
    const { sink } = bench.call();
    bench.clock.advance(520);
    expect(sink.error?.code).toBe("deadline_exceeded");
    worker.end(worker.sent[0]!);
    expect(sink.ends).toBe(1);
  });

  it("that sets its own pace outlives the default timeout, not one that its route names", () => {
    const bench = new DispatchBench([{ pattern: "*" }, { pattern: "S.*", timeoutMs: 500 }]);
    bench.join("w", { methods: ["S.m", "T.m"], capacity: 2 });
    const [unbound, bound] = [bench.call({ target: "T.m", setsPace: true }), bench.call({ target: "S.m", setsPace: true })];
    bench.clock.advance(100_000);
    expect([unbound.sink.error?.code, bound.sink.error?.code]).toEqual([undefined, "deadline_exceeded"]);
  });

  it("of a dead worker fails as unavailable and is not sent again", () => {
    const bench = new DispatchBench();
    const first = bench.join("a");
    const second = bench.join("b");
    const { sink } = bench.call();
    bench.leave(first);
    expect(sink.error?.code).toBe("unavailable");
    expect(second.worker.sent).toHaveLength(0);
  });

  it("of a dead worker goes to another when its method is idempotent", () => {
    const bench = new DispatchBench();
    const first = bench.join("a", { idempotent: true });
    const second = bench.join("b", { idempotent: true });
    const { sink } = bench.call();
    bench.leave(first);
    second.worker.end(second.worker.sent[0]!);
    expect(sink.value).toBe("done");
  });

  it("is not sent again once its caller has seen a part of the answer", () => {
    const bench = new DispatchBench();
    const first = bench.join("a", { idempotent: true });
    bench.join("b", { idempotent: true });
    const { sink } = bench.call();
    first.worker.sent[0]!.sink.chunk(Buffer.from("part"));
    bench.leave(first);
    expect(sink.error?.code).toBe("unavailable");
  });

  it("that is idempotent is tried as often as its route says and no more", () => {
    const bench = new DispatchBench([{ pattern: "*", retry: { attempts: 2 } }]);
    const joined = ["a", "b", "c"].map((id) => bench.join(id, { idempotent: true }));
    const { sink } = bench.call();
    for (let kill = 0; kill < 2; kill++) bench.leave(joined.find(({ worker }) => worker.open.length > 0)!);
    expect(sink.error?.code).toBe("unavailable");
    expect(joined.map(({ worker }) => worker.sent.length).toSorted((a, b) => a - b)).toEqual([0, 1, 1]);
  });

  it("that no handler has seen runs elsewhere although it is not idempotent", () => {
    const bench = new DispatchBench();
    const first = bench.join("a");
    const second = bench.join("b");
    bench.call();
    first.endpoint.setState("draining");
    first.worker.fail(first.worker.sent[0]!, new GateError("unavailable", "draining"), true);
    expect(second.worker.sent).toHaveLength(1);
  });
});

describe("placement", () => {
  it("keeps to the version that the caller names, and lets others pass while that version is busy", () => {
    const bench = new DispatchBench();
    const one = bench.join("one", { version: "v1" });
    const two = bench.join("two", { version: "v2" });
    const metadata = Metadata.from({ "x-api-version": "v2" });
    bench.call({ metadata });
    bench.call({ metadata });
    bench.call();
    expect([one.worker.sent.length, two.worker.sent.length]).toEqual([1, 1]);
    one.worker.end(one.worker.sent[0]!);
    two.worker.end(two.worker.sent[0]!);
    expect([one.worker.sent.length, two.worker.sent.length]).toEqual([1, 2]);
  });

  it("gives nothing to a worker that is down or draining, and gives again when it is back", () => {
    const bench = new DispatchBench();
    const { worker, endpoint } = bench.join("w");
    endpoint.setState("down");
    bench.call();
    expect(worker.sent).toHaveLength(0);
    endpoint.setState("ready");
    expect(worker.sent).toHaveLength(1);
  });

  it("holds back input that comes before a worker is there, and sends it first", () => {
    const bench = new DispatchBench([{ pattern: "S.m" }]);
    const { control, sink } = bench.call({ streamsInput: true });
    expect(control.input?.(Buffer.from("one"))).toBe(false);
    control.endInput?.();
    const { worker } = bench.join("w");
    expect(worker.sent[0]).toMatchObject({ input: ["one"], hasInputEnded: true });
    expect(sink.ends).toBe(0);
  });
});

describe("draining the gate", () => {
  it("refuses new jobs and resolves when the last running one has ended", async () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w");
    const running = bench.call();
    const drained = bench.dispatcher.drain();
    expect(bench.call().sink.error?.code).toBe("unavailable");
    worker.end(worker.sent[0]!);
    await drained;
    expect(running.sink.value).toBe("done");
  });
});
