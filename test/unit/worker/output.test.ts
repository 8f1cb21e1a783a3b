import { type Client, connect, createWorker, defineService, method, reply } from "unigate";
import { createGate } from "unigate/gate";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { memory } from "../../support/memory.ts";

const user = z.object({ name: z.string(), visits: z.number().default(0) });

const service = defineService("s", {
  user: method({ output: user }, (name) => ({ name: name as string, secret: "hash" })),
  later: method({ output: user }, async (name) => ({ name: name as string, visits: 3 })),
  wrong: method({ output: user }, () => ({ name: 5 }) as never),
  slow: method({ output: z.string().refine(async (text) => Promise.resolve(text !== "bad")) }, (text) => text as string),
  made: method({ output: user }, () => reply({ name: "Ada" }, { status: 201 })),
  each: method({ output: z.number().max(2) }, async function* () {
    for (let n = 1; ; n++) yield n;
  }),
  nothing: method({ output: z.undefined() }, () => undefined),
});

async function open(): Promise<Client> {
  const door = { name: "none", start: async () => ({ addresses: [], drain: async () => {}, close: async () => {} }) };
  const gate = createGate({ settle: 0, transports: [door] });
  await gate.start();
  const worker = createWorker({ services: [service], open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  const client = connect("tcp://unused:1", { open: () => Promise.resolve(memory(gate)) });
  onTestFinished(async () => {
    await client.close();
    await worker.close();
    await gate.close();
  });
  return client;
}

it("a result comes as its output schema gives it: with defaults, and without what the schema does not know", async () => {
  const client = await open();
  expect(await client.call("s.user", ["Ada"])).toEqual({ name: "Ada", visits: 0 });
  expect(await client.call("s.later", ["Ada"])).toEqual({ name: "Ada", visits: 3 });
  expect(await client.call("s.slow", ["good"])).toBe("good");
  expect(await client.call("s.made")).toEqual({ name: "Ada", visits: 0 });
  expect(await client.call("s.nothing")).toBeUndefined();
});

it("a result that its schema refuses is the worker's fault, told with the place of each mistake", async () => {
  const client = await open();
  await expect(Promise.resolve(client.call("s.wrong"))).rejects.toMatchObject({
    code: "internal",
    message: "s.wrong returned what its output schema refuses: name: Invalid input: expected string, received number",
  });
  await expect(Promise.resolve(client.call("s.slow", ["bad"]))).rejects.toMatchObject({ code: "internal" });
});

it("each value of a stream is checked: those before the first wrong one arrive, then the error", async () => {
  const client = await open();
  const heard: unknown[] = [];
  const read = async (): Promise<void> => {
    for await (const value of client.call("s.each")) heard.push(value);
  };
  await expect(read()).rejects.toMatchObject({ code: "internal", message: expect.stringContaining("s.each returned") });
  expect(heard).toEqual([1, 2]);
});
