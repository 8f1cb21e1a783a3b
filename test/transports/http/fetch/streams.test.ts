import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { seen } from "../methods.ts";
import { handlerOf, post } from "./fetch-world.ts";

async function settled(look: () => number): Promise<number> {
  let before = -1;
  await eventuallyTrue("it stopped growing", () => {
    const now = look();
    const isSame = now === before && now > 0;
    before = now;
    return isSame;
  });
  return before;
}

describe("a stream of a fetch handler", () => {
  it("is lines of JSON, or events when asked for", async () => {
    const handle = handlerOf();
    const lines = await handle(post("/call/t.count", [2]));
    expect([lines.headers.get("content-type"), await lines.text()]).toEqual(["application/x-ndjson", '{"at":1}\n{"at":2}\n']);
    const events = await handle(post("/call/t.count", [2], { headers: { accept: "text/event-stream" } }));
    expect([events.headers.get("content-type"), await events.text()]).toEqual([
      "text/event-stream",
      'data: {"at":1}\n\ndata: {"at":2}\n\nevent: end\ndata:\n\n',
    ]);
  });

  it("tells in its last line that it broke off", async () => {
    const text = await (await handlerOf()(post("/call/t.half", []))).text();
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([1, { error: { code: "unknown", status: 500, message: "broke off" } }]);
  });

  it("holds up its worker while nobody reads, goes on when somebody does, and ends it when the reader leaves", async () => {
    const response = await handlerOf()(post("/call/t.endless", []));
    const reader = response.body!.getReader();
    const held = await settled(() => seen.made);
    expect(held).toBeLessThan(500);
    for (let read = 0; read < held; read++) expect((await reader.read()).value?.length).toBeGreaterThan(10_000);
    await eventuallyTrue("the worker went on", () => seen.made > held);
    expect(seen.isClosed).toBe(false);
    await reader.cancel();
    await eventuallyTrue("the worker heard that the reader left", () => seen.isClosed);
  });

  it("ends when its request is aborted", async () => {
    const controller = new AbortController();
    const response = await handlerOf()(post("/call/t.endless", [], { signal: controller.signal }));
    const reader = response.body!.getReader();
    await reader.read();
    controller.abort();
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow("abort");
    await eventuallyTrue("the worker heard of it", () => seen.isClosed);
  });

  it("gives each reader bytes of its own: taking their memory away touches no other reply", async () => {
    const handle = handlerOf();
    const taken = (await handle(post("/call/t.count", [3]))).body!.getReader();
    const whole = (await handle(post("/call/t.count", [3]))).text();
    const { value } = await taken.read();
    structuredClone(value, { transfer: [value!.buffer] });
    expect(await whole).toBe('{"at":1}\n{"at":2}\n{"at":3}\n');
  });
});
