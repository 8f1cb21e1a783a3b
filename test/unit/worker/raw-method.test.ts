import { connect, createWorker } from "unigate";
import { createGate } from "unigate/gate";
import { GateError, type Job, type JobControl, type ReplySink } from "unigate/transport";
import type { RawMethod } from "unigate/worker";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { memory } from "../../support/memory.ts";

const quiet: JobControl = { cancel: () => {}, resume: () => {} };

function rawMethod(name: string, send: (job: Job, sink: ReplySink) => JobControl | void): RawMethod {
  return { info: { name }, send: (job, sink) => send(job, sink) ?? quiet };
}

/** A gate in memory, a worker with raw methods, and a client of it. */
async function openWorld(raw: readonly RawMethod[]) {
  const gate = createGate({
    settle: 0,
    transports: [{ name: "none", start: async () => ({ addresses: [], drain: async () => {}, close: async () => {} }) }],
  });
  const open = () => Promise.resolve(memory(gate));
  await gate.start();
  const worker = createWorker({ services: [], raw, open });
  await worker.start();
  const client = connect("tcp://unused:1", { open });
  onTestFinished(async () => {
    await client.close();
    await worker.close();
    await gate.close();
  });
  return { worker, client };
}

describe("a raw method", () => {
  it("gets the bytes and the metadata as they were sent, and answers with bytes of its own", async () => {
    const seen: unknown[] = [];
    const { client } = await openWorld([
      rawMethod("s.echo", ({ payload, metadata, contentType }, sink) => {
        seen.push([contentType, metadata.get("x-tag")]);
        sink.chunk(payload);
        sink.chunk(payload);
        sink.end();
      }),
    ]);
    const echoes = await client.call("s.echo", [1, "two"], { metadata: { "x-tag": "a" } });
    expect(echoes).toEqual([
      [1, "two"],
      [1, "two"],
    ]);
    expect(seen).toEqual([["application/msgpack", "a"]]);
  });

  it("counts as running until it has ended, and a drain waits for it", async () => {
    let finish: (() => void) | undefined;
    const { worker, client } = await openWorld([rawMethod("s.slow", (_job, sink) => void (finish = () => sink.end()))]);
    const call = client.call("s.slow");
    await eventuallyTrue("it runs", () => worker.inFlight === 1);
    let hasLeft = false;
    const drained = worker.drain().then(() => (hasLeft = true));
    finish?.();
    expect([hasLeft, worker.inFlight]).toEqual([false, 0]);
    await call;
    await drained;
  });

  it("hears that its caller gave up, and is free once it has let go", async () => {
    const reasons: string[] = [];
    const { worker, client } = await openWorld([
      rawMethod("s.wait", (_job, sink) => ({
        resume: () => {},
        cancel(reason) {
          reasons.push(String(reason));
          sink.fail(new GateError("cancelled", "let go"));
        },
      })),
    ]);
    const abort = new AbortController();
    const call = client.call("s.wait", [], { signal: abort.signal });
    call.catch(() => {});
    await eventuallyTrue("it runs", () => worker.inFlight === 1);
    abort.abort();
    await expect(call).rejects.toMatchObject({ name: expect.stringMatching(/Abort|Gate/) });
    await eventuallyTrue("it is free", () => worker.inFlight === 0);
    expect(reasons).toHaveLength(1);
  });

  it("that throws fails its job, and the worker goes on", async () => {
    const { worker, client } = await openWorld([
      rawMethod("s.broken", () => {
        throw new Error("out of order");
      }),
      rawMethod("s.whole", (_job, sink) => sink.end()),
    ]);
    await expect(client.call("s.broken")).rejects.toMatchObject({ code: "internal", message: "out of order" });
    await client.call("s.whole");
    expect(worker.inFlight).toBe(0);
  });

  it("cannot have the name of another method", () => {
    const twice = [rawMethod("s.m", () => {}), rawMethod("s.m", () => {})];
    expect(() => createWorker({ services: [], raw: twice })).toThrow("s.m is declared twice");
  });
});
