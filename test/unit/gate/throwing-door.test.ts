import { connect, createWorker, defineService } from "unigate";
import { createGate } from "unigate/gate";
import { type GateHost, Job, type Transport } from "unigate/transport";
import { expect, it, onTestFinished } from "vitest";
import { memory } from "../../support/memory.ts";

const service = defineService("s", {
  value: () => 1,
  async *count() {
    for (let n = 1; ; n++) yield n;
  },
});

it("a door that throws at a reply ends its own call: the worker's session, and its calls for others, go on", async () => {
  let host: GateHost | undefined;
  const door: Transport = {
    name: "throwing",
    start: async (gate) => {
      host = gate;
      return { addresses: [], drain: async () => {}, close: async () => {} };
    },
  };
  const gate = createGate({ settle: 0, transports: [door] });
  await gate.start();
  let links = 0;
  const worker = createWorker({
    services: [service],
    id: "w1",
    open: () => {
      links++;
      return Promise.resolve(memory(gate));
    },
  });
  await worker.start();
  const client = connect("tcp://unused:1", { open: () => Promise.resolve(memory(gate)) });
  onTestFinished(async () => {
    await client.close();
    await worker.close();
    await gate.close();
  });
  const counting = client.call<number>("s.count")[Symbol.asyncIterator]();
  expect((await counting.next()).value).toBe(1);

  const told: string[] = [];
  const bug = (): never => {
    throw new TypeError("a bug of the door");
  };
  for (const target of ["s.value", "s.count"]) {
    const job = new Job({ target, payload: Buffer.from("[]"), contentType: "application/json" });
    const ended = Promise.withResolvers<void>();
    const fail = (error: Error): void => {
      told.push(error.message);
      ended.resolve();
    };
    host?.dispatch(job, { head: bug, chunk: bug, end: bug, fail });
    await ended.promise;
  }
  expect(told).toEqual(["s.value", "s.count"].map((target) => `the door of the caller of ${target} threw: a bug of the door`));
  for (let n = 2; n < 200; n++) expect((await counting.next()).value).toBe(n);
  await counting.return?.();
  await expect.poll(() => gate.status.workers().map(({ id, inFlight }) => [id, inFlight])).toEqual([["w1", 0]]);
  expect(links).toBe(1);
});
