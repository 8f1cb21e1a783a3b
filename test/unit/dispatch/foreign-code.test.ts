import { roundRobin, type Strategy } from "unigate";
import { type EndpointLink, GateError, Job, type JobControl, Metadata, type ReplySink } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../src/observe/logger.ts";
import { DispatchBench } from "../../support/dispatch-bench.ts";
import type { ScriptedWorker, SentJob } from "../../support/scripted-worker.ts";

function brokenAt(nth: number): Strategy {
  let picks = 0;
  const createBalancer: Strategy["createBalancer"] = () => {
    const inner = roundRobin().createBalancer();
    return {
      pick(available, job) {
        if (++picks === nth) throw new TypeError("a bug of the strategy");
        return inner.pick(available, job);
      },
    };
  };
  return { name: "broken", createBalancer };
}

describe("code that others write", () => {
  it("a strategy that throws fails the job that it was asked for as internal, and no other", () => {
    const bench = new DispatchBench([{ pattern: "*", strategy: brokenAt(1) }]);
    const { worker } = bench.join("w");
    const { sink } = bench.call();
    expect(sink.error?.code).toBe("internal");
    bench.call();
    expect(worker.sent).toHaveLength(1);
    expect(bench.dispatcher.open.size).toBe(1);
  });

  it("a strategy that throws for a waiting job does not stop the queue behind it", () => {
    const bench = new DispatchBench([{ pattern: "*", strategy: brokenAt(2) }]);
    const { worker } = bench.join("w");
    const calls = Array.from({ length: 3 }, () => bench.call());
    try {
      worker.end(worker.sent[0]!);
    } catch {
      // Whoever hears of it, the jobs must go on.
    }
    expect(calls.map(({ sink }) => sink.error?.code ?? sink.value)).toEqual(["done", "internal", undefined]);
    expect(worker.sent).toHaveLength(2);
  });

  it("a strategy that picks a worker which is full or unknown never makes it run more than its capacity", () => {
    let remembered: unknown;
    const createBalancer = (): ReturnType<Strategy["createBalancer"]> => ({
      pick<C>(available: readonly C[]): C | undefined {
        remembered ??= available[0];
        return remembered as C;
      },
    });
    const bench = new DispatchBench([{ pattern: "*", strategy: { name: "stuck", createBalancer } }]);
    const { endpoint } = bench.join("w");
    bench.join("idle");
    bench.call();
    bench.call();
    expect(endpoint.inFlight).toBe(1);
  });

  it("a strategy that lets a job wait holds up the jobs behind it, so that all keep their order", () => {
    let mayStart = false;
    const createBalancer: Strategy["createBalancer"] = () => ({
      pick: (available, { metadata }) => (metadata.get("kind") === "picky" && !mayStart ? undefined : available[0]),
    });
    const bench = new DispatchBench([{ pattern: "*", strategy: { name: "picky", createBalancer } }]);
    const { worker } = bench.join("w", { capacity: 10 });
    const picky = Metadata.from({ kind: "picky" });
    for (const [name, metadata] of [["a"], ["b", picky], ["c"]] as const)
      bench.call({ payload: Buffer.from(name), ...(metadata ? { metadata } : {}) });
    mayStart = true;
    worker.end(worker.sent[0]!);
    expect(worker.sent.map(({ job }) => Buffer.from(job.payload).toString())).toEqual(["a", "b", "c"]);
  });

  it("a link that throws instead of failing the job gives its place back, and the caller hears internal", () => {
    const bench = new DispatchBench();
    const link: EndpointLink = {
      id: "broken",
      incarnation: "1",
      transport: "test",
      address: "test",
      send() {
        throw new TypeError("a bug of the transport");
      },
    };
    const endpoint = bench.registry.join(link, { capacity: 1, methods: [{ name: "S.m" }] });
    const { sink } = bench.call();
    expect(sink.error?.code).toBe("internal");
    expect([endpoint.inFlight, bench.dispatcher.open.size]).toEqual([0, 0]);
  });

  describe.each(["head", "chunk", "end", "fail", "drained"] as const)("a caller's sink that throws in its %s", (at) => {
    /** Calls with a sink that breaks at `at`, and brings its job there. */
    const breakAt = (bench: DispatchBench, worker: ScriptedWorker): { sent: SentJob; heard: string[]; control: JobControl } => {
      const heard: string[] = [];
      const hears = (what: string): true => {
        heard.push(what);
        if (what === at && heard.filter((one) => one === at).length === 1) throw new TypeError("a bug of the door");
        return true;
      };
      const sink: ReplySink = {
        head: () => void hears("head"),
        chunk: () => hears("chunk"),
        end: () => void hears("end"),
        fail: () => void hears("fail"),
        drained: () => void hears("drained"),
      };
      const control = bench.dispatcher.dispatch(new Job({ target: "S.m", payload: Buffer.from("x"), contentType: "text/plain" }), sink);
      const sent = worker.sent.at(-1)!;
      if (at === "head") sent.sink.head?.(Metadata.empty);
      if (at === "chunk") sent.sink.chunk(Buffer.from("x"));
      if (at === "end") worker.end(sent);
      if (at === "fail") worker.fail(sent, new GateError("internal", "it failed"));
      if (at === "drained") sent.sink.drained?.();
      return { sent, heard, control };
    };

    it("throws at no worker, and the worker's other jobs go on", () => {
      const bench = new DispatchBench();
      const { worker, endpoint } = bench.join("w", { capacity: 2 });
      const other = bench.call();
      const { sent, heard } = breakAt(bench, worker);
      worker.end(sent);
      expect(endpoint.inFlight).toBe(1);
      worker.end(worker.sent[0]!);
      expect([other.sink.value, other.sink.breaches, endpoint.inFlight, bench.dispatcher.open.size]).toEqual(["done", [], 0, 0]);
      // It is told once more, in case it can still answer, unless it broke at just that.
      expect(heard).toEqual(at === "fail" ? ["fail"] : [at, "fail"]);
    });

    it("ends its own job: the worker is told to stop, and the log says why", () => {
      const lines: unknown[] = [];
      const warn = (_message: string, fields: unknown): void => void lines.push(fields);
      const bench = new DispatchBench([], 0, Infinity, { ...silentLogger, warn });
      const { worker } = bench.join("w");
      const { sent } = breakAt(bench, worker);
      expect(sent.isCancelled).toBe(at !== "end" && at !== "fail");
      expect(lines).toContainEqual(expect.objectContaining({ target: "S.m", error: expect.stringContaining("a bug of the door") }));
    });
  });
});
