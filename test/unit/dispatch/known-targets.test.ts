import { expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";

/** Workers come and go with so many other methods that the registry forgets the oldest target without a worker. */
function forget(bench: DispatchBench): void {
  for (let batch = 0; batch < 11; batch++)
    bench.leave(bench.join("passing", { methods: Array.from({ length: 1000 }, (_, at) => `Passing${batch}.m${at}`) }));
}

it("a method that was forgotten and is served again runs its jobs", () => {
  const bench = new DispatchBench();
  const first = bench.join("w");
  bench.call();
  bench.leave(first);
  forget(bench);
  const { worker } = bench.join("w");
  const { sink } = bench.call();
  expect(worker.sent).toHaveLength(1);
  worker.end(worker.sent[0]!);
  expect(sink.value).toBe("done");
});

it("a method that is served again is not forgotten, however many others come and go", () => {
  const bench = new DispatchBench();
  bench.leave(bench.join("w"));
  const { worker } = bench.join("w");
  forget(bench);
  expect(bench.registry.pool("S.m")?.members).toHaveLength(1);
  bench.call();
  expect(worker.sent).toHaveLength(1);
});

it("a job that waits for a method keeps the method from being forgotten", () => {
  const bench = new DispatchBench();
  bench.leave(bench.join("w"));
  const { sink } = bench.call();
  forget(bench);
  const { worker } = bench.join("w");
  expect(worker.sent).toHaveLength(1);
  worker.end(worker.sent[0]!);
  expect(sink.value).toBe("done");
});

it("what the dispatcher keeps for methods that nobody serves any more is bounded", () => {
  const bench = new DispatchBench();
  for (let batch = 0; batch < 30; batch++) {
    const methods = Array.from({ length: 500 }, (_, at) => `Passing${batch}.m${at}`);
    const joined = bench.join("passing", { methods, capacity: 1000 });
    joined.worker.answersAtOnce = true;
    for (const target of methods) bench.call({ target });
    bench.leave(joined);
  }
  expect(bench.dispatcher.targets.size).toBeLessThanOrEqual(10_000);
});
