import { fifo } from "unigate";
import { GateError } from "unigate/transport";
import { expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";
import type { ScriptedWorker } from "../../support/scripted-worker.ts";

function createBench(
  ids: string[],
  options: { capacity?: number; methods?: string[] } = { capacity: 10 },
): { bench: DispatchBench; workers: ScriptedWorker[] } {
  const bench = new DispatchBench([{ pattern: "*", strategy: fifo() }]);
  return { bench, workers: ids.map((id) => bench.join(id, options).worker) };
}

function callMany(bench: DispatchBench, count: number): ReturnType<DispatchBench["call"]>[] {
  return Array.from({ length: count }, (_, at) => bench.call({ payload: Buffer.from(String(at)) }));
}

function seen({ sent }: ScriptedWorker): string[] {
  return sent.map(({ job }) => Buffer.from(job.payload).toString());
}

it("starts the first three of six jobs on three different workers, however many each could take", () => {
  const { bench, workers } = createBench(["a", "b", "c"]);
  callMany(bench, 6);
  expect(workers.map(seen)).toEqual([["0"], ["1"], ["2"]]);
});

it("gives all short jobs to the one worker that is not held by a long one, in order", () => {
  const { bench, workers } = createBench(["a", "b", "c"]);
  callMany(bench, 6);
  const last = workers[2]!;
  for (let turn = 0; turn < 4; turn++) last.end(last.sent[turn]!);
  expect(workers.map(seen)).toEqual([["0"], ["1"], ["2", "3", "4", "5"]]);
});

it("takes the first idle worker in the order of joining", () => {
  const { bench, workers } = createBench(["a", "b", "c"]);
  for (const { sink } of callMany(bench, 3)) {
    expect(sink.hasEnded).toBe(false);
  }
  for (const at of [2, 1]) workers[at]!.end(workers[at]!.sent[0]!);
  callMany(bench, 1);
  expect(workers.map(({ sent }) => sent.length)).toEqual([1, 2, 1]);
});

it("holds a worker to the end of its stream", () => {
  const { bench, workers } = createBench(["a"]);
  const [worker] = workers as [ScriptedWorker];
  callMany(bench, 2);
  worker.sent[0]!.sink.chunk(Buffer.from("part"));
  expect(worker.sent).toHaveLength(1);
  worker.end(worker.sent[0]!);
  expect(worker.sent).toHaveLength(2);
});

it("holds a worker whose job was cancelled until the worker has let go", () => {
  const { bench, workers } = createBench(["a"]);
  const [worker] = workers as [ScriptedWorker];
  const [first] = callMany(bench, 2);
  first!.control.cancel();
  expect(worker.sent).toHaveLength(1);
  worker.fail(worker.sent[0]!, new GateError("cancelled", "gone"));
  expect(worker.sent).toHaveLength(2);
});

it("counts each method by itself: a worker runs one job of every method at once", () => {
  const { bench, workers } = createBench(["a"], { capacity: 10, methods: ["S.one", "S.two"] });
  for (const target of ["S.one", "S.one", "S.two", "S.two"]) bench.call({ target });
  expect(workers[0]!.sent.map(({ job }) => job.target)).toEqual(["S.one", "S.two"]);
});

it("puts a job that no handler has seen back to the head", () => {
  const { bench, workers } = createBench(["a"]);
  const [worker] = workers as [ScriptedWorker];
  callMany(bench, 3);
  worker.fail(worker.sent[0]!, new GateError("unavailable", "not now"), true);
  worker.end(worker.sent[1]!);
  expect(seen(worker)).toEqual(["0", "0", "1"]);
});

it("one worker answers a thousand jobs in exactly the order in which they came", () => {
  const { bench, workers } = createBench(["a"]);
  const [worker] = workers as [ScriptedWorker];
  for (let at = 0; at < 1000; at++) {
    bench.call({ payload: Buffer.from(String(at)) });
    if (at % 3 === 0) worker.end(worker.open[0]!);
    if (at % 50 === 49) while (worker.open.length > 0) worker.end(worker.open[0]!);
  }
  while (worker.open.length > 0) worker.end(worker.open[0]!);
  expect(seen(worker)).toEqual(Array.from({ length: 1000 }, (_, at) => String(at)));
});
