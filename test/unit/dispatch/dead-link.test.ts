import { createMemoryPair, type Job, silentLogger, type ReplySink } from "unigate/transport";
import { afterEach, expect, it } from "vitest";
import { GateSession, type SessionHost } from "../../../src/gate/gate-session.ts";
import { protocolVersion } from "../../../src/protocol/record.ts";
import { Session } from "../../../src/transport/session.ts";
import { DispatchBench } from "../../support/dispatch-bench.ts";

const sessions: { close(): void }[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});

/** Time for frames to cross: they leave with `setImmediate` and arrive in a turn of their own. */
async function crossed(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A worker over a real session that holds every job; its process dies with `kill`, which says no goodbye. */
async function connectWorker(
  bench: DispatchBench,
  id: string,
  idempotent = false,
): Promise<{ jobs: { job: Job; sink: ReplySink }[]; kill: () => void }> {
  const [gateEnd, workerEnd] = createMemoryPair();
  const host: SessionHost = {
    clock: bench.clock,
    logger: silentLogger,
    registry: bench.registry,
    lostAfterBeats: 10,
    maxRecordBytes: 1 << 20,
    traffic: new Map(),
    dispatch: (job, sink) => bench.dispatcher.dispatch(job, sink),
    welcome: () => ({ version: protocolVersion, session: `s-${id}`, gate: "gate", heartbeatMs: 1000, maxRecordBytes: 1 << 20 }),
    checkMethods: () => {},
    identify: () => ({ name: "anyone", may: ["call", "work"] }),
    refusalToCall: () => undefined,
    ended: () => {},
  };
  sessions.push(new GateSession(gateEnd, host));
  const jobs: { job: Job; sink: ReplySink }[] = [];
  const session = new Session(workerEnd, {
    greeting: { hello: { version: protocolVersion, id, incarnation: id, agent: "test" } },
    handler: {
      job: (job, sink) => {
        jobs.push({ job, sink });
        return { cancel: () => {}, resume: () => {} };
      },
      closed: () => {},
    },
    clock: bench.clock,
    maxRecordBytes: 1 << 20,
    maxJobs: 100,
    lostAfterBeats: 10,
  });
  await crossed();
  session.serve({ capacity: 1, methods: [{ name: "S.m", idempotent }] });
  await crossed();
  return { jobs, kill: () => workerEnd.close() };
}

it("jobs that wait in the queue survive the death of the only worker, and run on the next one", async () => {
  const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 2000 }]);
  const first = await connectWorker(bench, "first");
  const running = bench.call();
  const waiting = Array.from({ length: 3 }, () => bench.call());
  await crossed();
  first.kill();
  await crossed();
  expect(running.sink.error?.code).toBe("unavailable");
  expect(waiting.map(({ sink }) => sink.error?.code)).toEqual([undefined, undefined, undefined]);
  const second = await connectWorker(bench, "second");
  await crossed();
  expect(second.jobs).toHaveLength(1);
});

it("a job that was running is not offered to the link that has just died", async () => {
  const bench = new DispatchBench([{ pattern: "*", waitForWorkerMs: 2000 }]);
  const first = await connectWorker(bench, "first", true);
  const running = bench.call();
  await crossed();
  first.kill();
  await crossed();
  expect(running.sink.error).toBeUndefined();
  const second = await connectWorker(bench, "second", true);
  await crossed();
  expect(second.jobs).toHaveLength(1);
});
