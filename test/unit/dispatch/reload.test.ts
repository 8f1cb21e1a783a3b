import { fifo, roundRobin } from "unigate";
import { expect, it } from "vitest";
import { RouteTable } from "../../../src/routing/route-table.ts";
import type { Route } from "../../../src/routing/route.ts";
import { DispatchBench, makeRoute } from "../../support/dispatch-bench.ts";

function reload(bench: DispatchBench, route: Partial<Route>): void {
  const fallback = makeRoute({ pattern: "*", ...route });
  bench.dispatcher.setRoutes(new RouteTable([fallback], fallback));
}

it("a reload with the same strategy leaves it its state: fifo still knows who is busy", () => {
  const bench = new DispatchBench([{ pattern: "*", strategy: fifo() }]);
  const { worker } = bench.join("w", { capacity: 10 });
  bench.call();
  reload(bench, { strategy: fifo() });
  bench.call();
  expect(worker.open).toHaveLength(1);
  worker.end(worker.sent[0]!);
  expect(worker.sent).toHaveLength(2);
});

it("a job that was placed before a reload settles with the balancer that placed it, and with no other", () => {
  const bench = new DispatchBench([{ pattern: "*", strategy: roundRobin() }]);
  const { worker } = bench.join("w", { capacity: 10 });
  bench.call();
  reload(bench, { strategy: fifo() });
  for (let at = 0; at < 3; at++) bench.call();
  expect(worker.open).toHaveLength(2);
  worker.end(worker.sent[0]!);
  // The new balancer's own job still runs, so it must not start another.
  expect(worker.open).toHaveLength(1);
});

it("jobs that waited for the old strategy start at once when the new one has a place for them", () => {
  const bench = new DispatchBench([{ pattern: "*", strategy: fifo() }]);
  const { worker } = bench.join("w", { capacity: 10 });
  for (let at = 0; at < 3; at++) bench.call();
  reload(bench, { strategy: roundRobin() });
  expect(worker.open).toHaveLength(3);
});

it("queued jobs stay queued when the new bound is smaller, and new ones are refused by it", () => {
  const bench = new DispatchBench([{ pattern: "*", queue: 5 }]);
  const { worker } = bench.join("w");
  const calls = Array.from({ length: 4 }, () => bench.call());
  reload(bench, { queue: 1 });
  expect(bench.call().sink.error?.code).toBe("resource_exhausted");
  for (let at = 0; at < 4; at++) worker.end(worker.sent[at]!);
  expect(calls.map(({ sink }) => sink.value)).toEqual(["done", "done", "done", "done"]);
});

it("a job that comes after a reload waits for a worker as long as the new route says, not the old one", () => {
  const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 10_000 }]);
  bench.leave(bench.join("w"));
  bench.call();
  reload(bench, { waitForWorkerMs: 100 });
  const { sink } = bench.call();
  bench.clock.advance(100);
  expect(sink.error?.code).toBe("unavailable");
});
