import { createWorker, connect, currentJob, defineService } from "unigate";
import { createGate } from "unigate/gate";
import { expect, it } from "vitest";
import { memory } from "../../support/memory.ts";

it("currentJob() is there in a handler, after an await, and in a generator's body; outside it throws", async () => {
  const gate = createGate({
    settle: 0,
    transports: [{ name: "none", start: async () => ({ addresses: [], drain: async () => {}, close: async () => {} }) }],
  });
  const open = () => Promise.resolve(memory(gate));
  await gate.start();
  const worker = createWorker({
    open,
    services: [
      defineService("s", {
        now: () => currentJob().target,
        later: async () => (await Promise.resolve(), currentJob().target),
        *each() {
          yield currentJob().target;
        },
        async *slow() {
          await Promise.resolve();
          yield currentJob().target;
        },
      }),
    ],
  });
  await worker.start();
  const client = connect("tcp://unused:1", { open });
  expect(await client.call("s.now")).toBe("s.now");
  expect(await client.call("s.later")).toBe("s.later");
  expect(await client.call("s.each")).toEqual(["s.each"]);
  expect(await client.call("s.slow")).toEqual(["s.slow"]);
  expect(() => currentJob()).toThrow("outside a handler");
  await client.close();
  await worker.close();
  await gate.close();
});
