import { GateError } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";
import type { ScriptedWorker } from "../../support/scripted-worker.ts";

const refusal = new GateError("unavailable", "the worker is draining");

function seen({ sent }: ScriptedWorker): string[] {
  return sent.map(({ job }) => Buffer.from(job.payload).toString());
}

describe("a job that no handler has seen", () => {
  it("starts before jobs that came later", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w");
    for (const name of ["a", "b", "c"]) bench.call({ payload: Buffer.from(name) });
    worker.fail(worker.sent[0]!, refusal, true);
    worker.end(worker.sent[1]!);
    worker.end(worker.sent[2]!);
    expect(seen(worker)).toEqual(["a", "a", "b", "c"]);
  });

  it("keeps its place among others that come back with it from a draining worker", () => {
    const bench = new DispatchBench();
    const { worker: old, endpoint } = bench.join("old", { capacity: 3 });
    for (const name of ["a", "b", "c", "d"]) bench.call({ payload: Buffer.from(name) });
    endpoint.setState("draining");
    for (const sent of old.open) old.fail(sent, refusal, true);
    const { worker } = bench.join("new", { capacity: 10 });
    expect(seen(worker)).toEqual(["a", "b", "c", "d"]);
  });

  it("returns to a queue that is full, and is not refused", () => {
    const bench = new DispatchBench([{ pattern: "*", queue: 1 }]);
    const { worker: old, endpoint } = bench.join("old");
    const returning = bench.call();
    const waiting = bench.call();
    endpoint.setState("draining");
    old.fail(old.sent[0]!, refusal, true);
    expect([returning.sink.hasEnded, waiting.sink.hasEnded]).toEqual([false, false]);
    expect(bench.call().sink.error?.code).toBe("resource_exhausted");
  });

  it("waits for another worker, up to waitForWorker", () => {
    const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 2000 }]);
    const { worker, endpoint } = bench.join("w");
    const { sink } = bench.call();
    endpoint.setState("draining");
    worker.fail(worker.sent[0]!, refusal, true);
    bench.clock.advance(1999);
    expect(sink.hasEnded).toBe(false);
    bench.clock.advance(1);
    expect(sink.error?.code).toBe("unavailable");
  });

  it("can be cancelled and can expire while it waits again", () => {
    const bench = new DispatchBench();
    const { worker, endpoint } = bench.join("w", { capacity: 2 });
    const cancelled = bench.call();
    const expired = bench.call({ deadline: 500 });
    endpoint.setState("draining");
    for (const sent of worker.open) worker.fail(sent, refusal, true);
    cancelled.control.cancel();
    bench.clock.advance(520);
    expect([cancelled.sink.error?.code, expired.sink.error?.code]).toEqual(["cancelled", "deadline_exceeded"]);
    expect(bench.dispatcher.open.size).toBe(0);
  });

  it("is given up when every worker goes on refusing it, with their reason", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w");
    const { sink } = bench.call();
    for (let turn = 0; turn < 100 && worker.open.length > 0; turn++)
      worker.fail(worker.open[0]!, new GateError("resource_exhausted", "I am full"), true);
    expect(sink.error).toMatchObject({ code: "resource_exhausted", message: "I am full" });
    expect(worker.sent.length).toBeLessThanOrEqual(16);
  });

  it("is not sent again when the reason will not go away", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w");
    const { sink } = bench.call();
    worker.fail(worker.sent[0]!, new GateError("resource_exhausted", "too large for the link", { retryable: false }), true);
    expect([sink.error?.code, worker.sent.length]).toEqual(["resource_exhausted", 1]);
  });
});

describe("a job that a handler has failed", () => {
  it.each(["aborted", "resource_exhausted", "internal"] as const)(
    "as %s is not sent again, even when it may run more than once",
    (code) => {
      const bench = new DispatchBench();
      const joined = ["a", "b"].map((id) => bench.join(id, { idempotent: true }));
      const { sink } = bench.call({ idempotent: true });
      const { worker } = joined.find((one) => one.worker.sent.length > 0)!;
      worker.fail(worker.sent[0]!, new GateError(code, "the handler says no"));
      expect([sink.error?.code, joined.flatMap((one) => one.worker.sent).length]).toEqual([code, 1]);
    },
  );

  it("fails at once when the gate has closed meanwhile", () => {
    const bench = new DispatchBench();
    const { worker } = bench.join("w", { idempotent: true });
    const { sink } = bench.call();
    bench.dispatcher.close();
    worker.fail(worker.sent[0]!, refusal, true);
    expect([sink.error?.code, worker.sent.length, bench.dispatcher.open.size]).toEqual(["unavailable", 1, 0]);
  });
});

describe("a job that streams its input", () => {
  it("is sent again with the input that it had sent, while that is at most 64 KiB", () => {
    for (const [bytes, isSentAgain] of [
      [65_532, true],
      [65_533, false],
    ] as const) {
      const bench = new DispatchBench();
      const first = bench.join("a");
      const second = bench.join("b");
      const { sink, control } = bench.call({ streamsInput: true });
      control.input?.(Buffer.from("part"));
      control.input?.(Buffer.alloc(bytes, "."));
      first.worker.fail(first.worker.sent[0]!, refusal, true);
      expect(sink.error?.code).toBe(isSentAgain ? undefined : "unavailable");
      if (!isSentAgain) continue;
      control.input?.(Buffer.from("more"));
      expect(second.worker.sent[0]?.input).toEqual(["part", ".".repeat(bytes), "more"]);
    }
  });

  it("keeps its input past an endpoint that refuses it at once", () => {
    const bench = new DispatchBench();
    const [first, second, third] = ["a", "b", "c"].map((id) => bench.join(id).worker) as [ScriptedWorker, ScriptedWorker, ScriptedWorker];
    const { control } = bench.call({ streamsInput: true });
    control.input?.(Buffer.from("part"));
    second.refusal = refusal;
    first.fail(first.sent[0]!, refusal, true);
    expect([first, second, third].map(({ sent }) => sent.at(-1)?.input)).toEqual([["part"], [], ["part"]]);
  });

  it("is not sent again once its answer has begun", () => {
    const bench = new DispatchBench();
    const first = bench.join("a");
    bench.join("b");
    const { sink, control } = bench.call({ streamsInput: true });
    control.input?.(Buffer.from("part"));
    first.worker.sent[0]!.sink.chunk(Buffer.from("answer"));
    first.worker.fail(first.worker.sent[0]!, refusal, true);
    expect(sink.error?.code).toBe("unavailable");
  });

  it("is sent again while its input is still here, and the end of the input with it", () => {
    const bench = new DispatchBench();
    const first = bench.join("a");
    const second = bench.join("b");
    const { control } = bench.call({ streamsInput: true });
    control.endInput?.();
    first.worker.fail(first.worker.sent[0]!, refusal, true);
    expect(second.worker.sent[0]).toMatchObject({ input: [], hasInputEnded: true });
  });

  it("hears that there is room again when held input has left", () => {
    const bench = new DispatchBench([{ pattern: "S.m" }]);
    const { control, sink } = bench.call({ streamsInput: true });
    expect(control.input?.(Buffer.from("one"))).toBe(false);
    const { worker } = bench.join("w");
    expect([worker.sent[0]?.input, sink.drains]).toEqual([["one"], 1]);
    expect(control.input?.(Buffer.from("two"))).toBe(true);
  });
});
