import fc from "fast-check";
import { GateError } from "unigate/transport";
import { expect, it } from "vitest";
import { DispatchBench } from "../../support/dispatch-bench.ts";
import type { SentJob } from "../../support/scripted-worker.ts";

/** What can happen to a gate, in any order; numbers choose among what is there. */
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("call" as const),
      idempotent: fc.boolean(),
      deadlineMs: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
      input: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom("end", "chunk", "head", "fail", "refuse", "die"), at: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("cancel", "input", "endInput"), at: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("join" as const),
      capacity: fc.integer({ min: 1, max: 3 }),
      idempotent: fc.boolean(),
      atOnce: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("leave", "down", "up", "drain"), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 1000 }) }) },
);

it("whatever happens, each caller hears exactly one end, and every place, queue and deadline is given back", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), (events) => {
      const bench = new DispatchBench([{ pattern: "*", queue: 5, timeoutMs: 800, waitForWorkerMs: 400 }]);
      const first = bench.join("w0", { capacity: 2 });
      const workers = [first];
      const everJoined = [first];
      const calls: ReturnType<DispatchBench["call"]>[] = [];
      const pick = <T>(list: readonly T[], at: number): T | undefined => (list.length === 0 ? undefined : list[at % list.length]);

      for (const one of events) {
        const at = "at" in one ? one.at : 0;
        const joined = pick(workers, at);
        const sent: SentJob | undefined = joined === undefined ? undefined : pick(joined.worker.open, at >>> 3);
        switch (one.kind) {
          case "call":
            calls.push(
              bench.call({
                idempotent: one.idempotent,
                streamsInput: one.input,
                ...(one.deadlineMs === undefined ? {} : { deadline: bench.clock.now() + one.deadlineMs }),
              }),
            );
            break;
          case "end":
            if (sent !== undefined) joined?.worker.end(sent);
            break;
          case "chunk":
            sent?.sink.chunk(Buffer.from("c"));
            break;
          case "head":
            break;
          case "fail":
            if (sent !== undefined) joined?.worker.fail(sent, new GateError("internal", "broken"));
            break;
          case "refuse":
            if (sent !== undefined) joined?.worker.fail(sent, new GateError("unavailable", "refused"), true);
            break;
          case "cancel":
            pick(calls, at)?.control.cancel();
            break;
          case "input":
            pick(calls, at)?.control.input?.(Buffer.from("i"));
            break;
          case "endInput":
            pick(calls, at)?.control.endInput?.();
            break;
          case "join": {
            const more = bench.join("w", { capacity: one.capacity, idempotent: one.idempotent });
            more.worker.answersAtOnce = one.atOnce;
            workers.push(more);
            everJoined.push(more);
            break;
          }
          case "leave":
          case "die":
            if (joined !== undefined && workers.length > 0) {
              workers.splice(workers.indexOf(joined), 1);
              bench.leave(joined);
            }
            break;
          case "down":
            joined?.endpoint.setState("down");
            break;
          case "up":
            joined?.endpoint.setState("ready");
            break;
          case "drain":
            joined?.endpoint.setState("draining");
            break;
          case "wait":
            bench.clock.advance(one.ms);
            break;
        }
        for (const { endpoint } of workers) expect(endpoint.inFlight).toBeLessThanOrEqual(endpoint.capacity);
        expect(bench.dispatcher.targets.get("S.m")?.queue.size ?? 0).toBeLessThanOrEqual(5 + 3);
      }

      // Every worker lets go of what it still has, and all time passes.
      for (const joined of [...workers]) bench.leave(joined);
      bench.clock.advance(5000);

      for (const { sink } of calls) {
        expect(sink.breaches).toEqual([]);
        expect(sink.ends).toBe(1);
      }
      for (const { endpoint } of everJoined) expect(endpoint.inFlight).toBe(0);
      expect(bench.dispatcher.openJobs).toBe(0);
      const target = bench.dispatcher.targets.get("S.m");
      expect([target?.running ?? 0, target?.queue.size ?? 0]).toEqual([0, 0]);
    }),
    { numRuns: 400 },
  );
});

it("a job that was started and is not idempotent reaches one worker only, however that one ends", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("unavailable", "internal", "aborted", "resource_exhausted" as const),
      fc.integer({ min: 2, max: 5 }),
      (code, count) => {
        const bench = new DispatchBench();
        const joined = Array.from({ length: count }, (_, at) => bench.join(`w${at}`));
        bench.call();
        const runner = joined.find(({ worker }) => worker.sent.length > 0)!;
        runner.worker.fail(runner.worker.sent[0]!, new GateError(code, "gone"));
        expect(joined.reduce((sum, { worker }) => sum + worker.sent.length, 0)).toBe(1);
      },
    ),
  );
});
