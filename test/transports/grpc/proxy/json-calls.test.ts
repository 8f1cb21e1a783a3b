import { connect } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { grpc } from "unigate/grpc";
import { http } from "unigate/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { asked, kitchenServer } from "../native/upstream.ts";
import { memory } from "../../../support/memory.ts";

const file = new URL("../native/protos/kitchen.proto", import.meta.url).pathname;

async function world(): Promise<{
  gate: Gate;
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
  url: string;
}> {
  const upstreams = { "kitchen.v1.*": { to: `127.0.0.1:${await kitchenServer(file)}`, protos: [file] } };
  const gate = createGate({ settle: 0, transports: [http({ port: 0 }), grpc({ port: 0, upstreams })] });
  await gate.start();
  onTestFinished(() => gate.close());
  const { url } = gate.addresses[0]!;
  await eventuallyTrue(
    "the bindings are there",
    async () => (await fetch(`${url}/kitchen.v1.Kitchen/Ping`, { method: "POST" })).status !== 404,
  );
  const post = (path: string, body: unknown, headers = {}): Promise<Response> =>
    fetch(`${url}${path}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
  return { gate, post, url };
}

describe("HTTP and JSON to a gRPC server", () => {
  it("calls a method as POST /package.Service/Method and as /call/package.Service.Method", async () => {
    const { post } = await world();
    const reply = await post("/kitchen.v1.Kitchen/Say", { text: "hi", number: 3 });
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toContain("application/json");
    expect(reply.headers.get("x-kitchen")).toBe("open");
    expect(await reply.json()).toEqual({ text: "HI", number: 3 });
    expect(await (await post("/call/kitchen.v1.Kitchen.Say", { text: "a" })).json()).toEqual({ text: "A", number: 0 });
    expect(await (await post("/call/kitchen.v1.Kitchen.Say", [{ text: "b" }])).json()).toEqual({ text: "B", number: 0 });
  });

  it("maps a path, a query and a body to the message, as google.api.http says", async () => {
    const { post, url } = await world();
    const reply = await post(
      "/v1/dishes/soup",
      { big: "9007199254740993", raw: "AAH/", course: "COURSE_DESSERT", at: "2023-11-14T22:13:20Z" },
      { "x-trace": "t1" },
    );
    expect(await reply.json()).toMatchObject({
      name: "soup",
      big: "9007199254740993",
      raw: "AAH/",
      course: "COURSE_DESSERT",
      at: "2023-11-14T22:13:20Z",
    });
    expect(asked.dish).toMatchObject({ name: "soup", big: "9007199254740993", course: "COURSE_DESSERT" });
    expect(asked.metadata).toMatchObject({ "x-trace": "t1" });
    const query = await fetch(`${url}/v1/dishes/b%20c?tags=x&tags=y&shelf.height=4&numbers=5&zigzag=-2&course=2&takes=3s&otherName=o`);
    expect(await query.json()).toMatchObject({
      name: "b c",
      tags: ["x", "y"],
      shelf: { height: 4 },
      numbers: [5],
      zigzag: -2,
      course: "COURSE_DESSERT",
      takes: "3s",
      otherName: "o",
    });
  });

  it("refuses a query, a body and a field that fit no message", async () => {
    const { post, url } = await world();
    const query = await fetch(`${url}/v1/dishes/x?nope=1`);
    expect(query.status).toBe(400);
    expect(await query.json()).toMatchObject({ code: "invalid_argument", detail: expect.stringContaining("nope") });
    expect((await post("/kitchen.v1.Kitchen/Say", { number: "many" })).status).toBe(400);
    expect((await post("/kitchen.v1.Kitchen/Say", [{}, {}])).status).toBe(400);
  });

  it("tells the server's status as an HTTP status and a problem", async () => {
    const { post } = await world();
    const reply = await post("/kitchen.v1.Kitchen/Say", { text: "fail" });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ code: "failed_precondition", detail: "not now" });
  });

  it("gives a stream as lines of JSON, and as events when asked for", async () => {
    const { post } = await world();
    const lines = (await (await post("/kitchen.v1.Kitchen/Count", { number: 50 })).text()).trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { number: number }).number)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
    const events = await (await post("/kitchen.v1.Kitchen/Count", { number: 2 }, { accept: "text/event-stream" })).text();
    expect(events.match(/^data: \{.*"number":\d\}$/gm)).toHaveLength(2);
  });

  it("holds up the server while its reader does not read, and cancels its call when the reader leaves", async () => {
    const { post, gate } = await world();
    asked.isCancelled = false;
    asked.sent = 0;
    const reply = await post("/kitchen.v1.Kitchen/Count", { number: 1_000_000 });
    const reader = reply.body!.getReader();
    await reader.read();
    let last = -1;
    await eventuallyTrue("the server waits", async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const isWaiting = asked.sent === last;
      last = asked.sent;
      return isWaiting;
    });
    expect(asked.sent).toBeLessThan(500_000);
    await reader.cancel();
    await eventuallyTrue("it is cancelled", () => asked.isCancelled);
    await eventuallyTrue("nothing is in flight", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
  });

  it("sends each value of a list to a method that takes a stream", async () => {
    const { post } = await world();
    expect(await (await post("/kitchen.v1.Kitchen/Collect", [{ number: 1 }, { number: 2 }, { number: 3 }])).json()).toEqual({
      text: "sum",
      number: 6,
    });
    const chat = await (await post("/kitchen.v1.Kitchen/Chat", [{ text: "a" }, { text: "b" }])).text();
    expect(
      chat
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { text: string }).text),
    ).toEqual(["a", "b"]);
  });

  it("serves a client of the gate protocol too, which speaks msgpack", async () => {
    const { gate } = await world();
    const client = connect("tcp://unused:1", {
      open: () => Promise.resolve(memory(gate)),
    });
    onTestFinished(() => client.close());
    expect(await client.call("kitchen.v1.Kitchen.Say", [{ text: "zmq" }])).toEqual({ text: "ZMQ", number: 0 });
    expect(await client.call("kitchen.v1.Kitchen.Cook", [{ raw: new Uint8Array([1, 2]) }])).toMatchObject({ raw: "AQI=" });
    const numbers = [];
    for await (const line of client.call("kitchen.v1.Kitchen.Count", [{ number: 3 }])) numbers.push((line as { number: number }).number);
    expect(numbers).toEqual([1, 2, 3]);
  });
});
