import { request } from "node:http";
import { connect as dialTcp } from "node:net";
import { createWorker, defineService, method } from "unigate";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { json, open } from "./http-world.ts";
import { seen } from "./methods.ts";
import { memory } from "../../support/memory.ts";

describe("POST /call/Service.method", () => {
  it("takes a JSON array as positional arguments, anything else as one, and no body as none", async () => {
    const { url } = await open();
    const call = async (init: RequestInit): Promise<unknown> => await (await fetch(`${url}/call/t.echo`, init)).json();
    expect(await call(json([1, "two"]))).toEqual([1, "two"]);
    expect(await call(json({ a: 1 }))).toEqual([{ a: 1 }]);
    expect(await call({ method: "POST" })).toEqual([]);
  });

  it("gives falsy results as they are, undefined as 204, and bytes as bytes", async () => {
    const { url } = await open();
    for (const value of [0, "", [], {}, null, false]) {
      const response = await fetch(`${url}/call/t.value`, json([value]));
      expect([response.status, await response.json()]).toEqual([200, value]);
    }
    expect((await fetch(`${url}/call/t.value`, { method: "POST" })).status).toBe(204);
    const bytes = await fetch(`${url}/call/t.bytes`, { method: "POST" });
    expect(bytes.headers.get("content-type")).toBe("application/octet-stream");
    expect([...new Uint8Array(await bytes.arrayBuffer())]).toEqual([0, 1, 255]);
  });

  it("keeps the worker's status, headers and repeated headers, and names request and worker", async () => {
    const { url } = await open();
    const response = await fetch(`${url}/call/t.made`, { method: "POST", headers: { "x-request-id": "r-1" } });
    expect(response.status).toBe(201);
    expect(await response.text()).toBe("<b>x</b>");
    expect(response.headers.get("content-type")).toBe("text/html");
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(response.headers.get("x-request-id")).toBe("r-1");
    expect(response.headers.get("x-worker-id")).toBe("w1");
    expect((await fetch(`${url}/call/t.value`, { method: "POST" })).headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
  });

  it("brings forms, uploads and raw bytes to the handler", async () => {
    const { url } = await open();
    const form = new FormData();
    form.set("name", "Ada");
    form.set("file", new File(["hello"], "hello.txt"));
    expect(await (await fetch(`${url}/call/t.upload`, { method: "POST", body: form })).json()).toEqual({
      name: "Ada",
      file: "hello.txt",
      text: "hello",
    });
    expect(
      await (
        await fetch(`${url}/call/t.value`, {
          method: "POST",
          body: new URLSearchParams([
            ["a", "1"],
            ["a", "2"],
            ["b", "3"],
          ]),
        })
      ).json(),
    ).toEqual({ a: ["1", "2"], b: "3" });
    const raw = await fetch(`${url}/call/t.received`, {
      method: "POST",
      headers: { "content-type": "image/png" },
      body: Buffer.from([0, 200, 10]),
    });
    expect(await raw.json()).toEqual({ bytes: [0, 200, 10], type: "image/png" });
  });
});

describe("a bound route", () => {
  it("binds path, query and body to the same method, and text to the types that its schemas want", async () => {
    const { url } = await open();
    const answers = await Promise.all([
      fetch(`${url}/add`, json({ a: 1, b: 2 })),
      fetch(`${url}/add/7`),
      fetch(`${url}/add/7?b=8`),
      fetch(`${url}/add/3/4`, { method: "PUT" }),
      fetch(`${url}/add`, { method: "POST", body: new URLSearchParams({ a: "5", b: "5" }) }),
    ]);
    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([3, 8, 15, 7, 10]);
  });

  it("shows its handler method, parameters, repeated query keys and repeated headers", async () => {
    const { url } = await open();
    const response = await new Promise<string>((resolve) => {
      request(`${url}/request/a%20b?tag=1&tag=2`, { headers: { "x-many": ["1", "2"] } }, async (message) =>
        resolve(Buffer.concat(await message.toArray()).toString()),
      ).end();
    });
    expect(JSON.parse(response)).toMatchObject({ method: "GET", params: { id: "a b" }, tags: ["1", "2"], many: ["1", "2"] });
  });

  it("answers HEAD for GET, 405 with Allow for another method, and 404 where nothing is bound", async () => {
    const { url } = await open();
    expect((await fetch(`${url}/add/1`, { method: "HEAD" })).status).toBe(200);
    const wrong = await fetch(`${url}/add/1`, { method: "DELETE" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET"]);
    expect(await (await fetch(`${url}/nowhere`)).json()).toMatchObject({ status: 404, code: "not_found" });
  });

  it("that collides with the gate's own paths, or with another method's, is refused when its worker joins", async () => {
    const { gate } = await open();
    for (const [path, reason] of [
      ["GET /health", "the gate's own /health"],
      ["POST /call/x", "the gate's own /call"],
      ["GET /add/:other", "taken by t.add"],
      ["no binding", "malformed"],
    ]) {
      const worker = createWorker({
        services: [defineService("late", { x: method({ http: path! }, () => 1) })],
        open: () => Promise.resolve(memory(gate)),
      });
      await expect(worker.start()).rejects.toMatchObject({ code: "already_exists", message: expect.stringContaining(reason!) });
    }
  });

  it("may be written in the config, and the gate's own paths may be moved out of its way", async () => {
    const { url } = await open({ routes: { "t.value": { http: "POST /health" } } }, { control: "/_gate" });
    expect(await (await fetch(`${url}/health`, json(["mine"]))).json()).toEqual("mine");
    expect(await (await fetch(`${url}/_gate/health`)).json()).toEqual({ status: "ok" });
  });
});

describe("a stream", () => {
  it("is NDJSON, or server-sent events when asked for", async () => {
    const { url } = await open();
    const lines = await fetch(`${url}/call/t.count`, json(2));
    expect(lines.headers.get("content-type")).toBe("application/x-ndjson");
    expect(await lines.text()).toBe('{"at":1}\n{"at":2}\n');
    const events = await fetch(`${url}/call/t.count`, json(2, { accept: "text/event-stream" }));
    expect(events.headers.get("content-type")).toBe("text/event-stream");
    expect(await events.text()).toBe('data: {"at":1}\n\ndata: {"at":2}\n\nevent: end\ndata:\n\n');
  });

  it("that breaks off says so in its last line, or in an event", async () => {
    const { url } = await open();
    expect(await (await fetch(`${url}/call/t.half`, { method: "POST" })).text()).toBe(
      '1\n{"error":{"code":"unknown","status":500,"message":"broke off"}}\n',
    );
    expect(await (await fetch(`${url}/call/t.half`, { method: "POST", headers: { accept: "text/event-stream" } })).text()).toContain(
      "event: error\ndata: ",
    );
  });

  it("stops its generator when the client goes away, and holds it up while the client does not read", async () => {
    const { url, worker } = await open();
    const socket = dialTcp(Number(new URL(url).port), "127.0.0.1");
    socket.write("POST /call/t.endless HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
    socket.pause();
    await eventuallyTrue("it has begun", () => seen.made > 10);
    let before = -1;
    await eventuallyTrue("it is held up", async () => {
      const isHeld = seen.made === before;
      before = seen.made;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return isHeld;
    });
    // Socket buffers and our own windows: far below the gigabytes that it would have seen.made meanwhile.
    expect(seen.made).toBeLessThan(5000);
    socket.destroy();
    await eventuallyTrue("its finally has run", () => seen.isClosed);
    await eventuallyTrue("its place is given back", () => worker.inFlight === 0);
  });
});

describe("the gate's own pages", () => {
  it("tell health, readiness, services, workers, queues, routes and info", async () => {
    const { url } = await open({ routes: { "t.*": {} } });
    const get = async (path: string): Promise<unknown> => await (await fetch(url + path)).json();
    expect(await get("/health")).toEqual({ status: "ok" });
    expect(await get("/ready")).toEqual({ ready: true });
    expect(await get("/services")).toMatchObject({ code: 200, data: {}, services: [{ name: "t", workers: 1 }] });
    expect(await get("/service/t")).toMatchObject({ name: "t" });
    expect(await get("/service/u")).toMatchObject({ code: 404, error: "not_found" });
    expect(await get("/workers")).toMatchObject([{ id: "w1", transport: "memory", state: "ready" }]);
    expect(await get("/queues")).toEqual([]);
    expect(await get("/routes")).toMatchObject([
      {
        pattern: "t.*",
        targets: expect.arrayContaining([expect.objectContaining({ name: "t.add", http: ["POST /add", "GET /add/:a", "PUT /add/:a/:b"] })]),
      },
    ]);
    expect(await get("/info")).toMatchObject({ state: "ready", workers: { ready: 1 } });
  });
});
