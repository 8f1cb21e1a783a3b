import { describe, expect, it } from "vitest";
import { ask, handlerOf, post } from "./fetch-world.ts";

const bytes = Uint8Array.of(0, 10, 255);

describe("a fetch handler", () => {
  it("calls methods by their name, with positional arguments, one argument or none", async () => {
    const handle = handlerOf();
    const response = await handle(post("/call/t.echo", [1, "two", null]));
    expect([response.status, await response.json()]).toEqual([200, [1, "two", null]]);
    expect(response.headers.get("x-worker-id")).toMatch(/^inside-/);
    expect(response.headers.get("x-request-id")).not.toBeNull();
    expect(await (await handle(post("/call/t.value", { deep: [true] }))).json()).toEqual({ deep: [true] });
    expect(await (await handle(ask("/call/t.echo", { method: "POST" }))).json()).toEqual([]);
    expect(await (await handle(post("/call/t%2Eecho?x=1", [1]))).json()).toEqual([1]);
  });

  it("calls bound routes with path, query and body as named arguments", async () => {
    const handle = handlerOf();
    expect(await (await handle(ask("/add/2?b=40"))).json()).toBe(42);
    expect(await (await handle(post("/add", { a: 1 }))).json()).toBe(2);
    const request = ask("/request/a%20b?tag=1&tag=2", { headers: [["x-many", "1"] as [string, string], ["x-many", "2"]] });
    expect(await (await handle(request)).json()).toMatchObject({
      method: "GET",
      path: "/request/a%20b?tag=1&tag=2",
      params: { id: "a b" },
      tags: ["1", "2"],
      many: ["1, 2"],
    });
  });

  it("tells handlers the address that the platform knows", async () => {
    const handle = handlerOf({}, { remote: (_request, info) => (info as { address: string }).address });
    expect(await (await handle(ask("/request/1"), { address: "10.1.2.3" })).json()).toMatchObject({ remote: "10.1.2.3" });
  });

  it("keeps status, headers, repeated headers, bytes and empty replies of workers", async () => {
    const handle = handlerOf();
    const made = await handle(post("/call/t.made", []));
    expect([made.status, made.headers.get("content-type"), made.headers.getSetCookie(), await made.text()]).toEqual([
      201,
      "text/html",
      ["a=1", "b=2"],
      "<b>x</b>",
    ]);
    const gone = await handle(post("/call/t.gone", []));
    expect([gone.status, gone.body]).toEqual([204, null]);
    const binary = await handle(post("/call/t.bytes", [], { headers: { accept: "application/octet-stream" } }));
    expect([...new Uint8Array(await binary.arrayBuffer())]).toEqual([0, 1, 255]);
    const head = await handle(ask("/add/2", { method: "HEAD" }));
    expect([head.status, head.headers.get("content-length"), head.body]).toEqual([200, "1", null]);
  });

  it("hands bodies over undecoded, in one piece or in many", async () => {
    const handle = handlerOf();
    const headers = { "content-type": "image/png" };
    const one = await handle(ask("/call/t.received", { method: "POST", body: bytes, headers }));
    expect(await one.json()).toEqual({ bytes: [0, 10, 255], type: "image/png" });
    const pieces = ReadableStream.from([bytes, bytes]);
    const two = await handle(ask("/call/t.received", { method: "POST", body: pieces, duplex: "half", headers }));
    expect(await two.json()).toMatchObject({ bytes: [0, 10, 255, 0, 10, 255] });
  });

  it("answers with the gate's own pages", async () => {
    const handle = handlerOf();
    for (const [path, part] of [
      ["/health", { status: "ok" }],
      ["/ready", { ready: true }],
      ["/", { call: "POST /call/Service.method" }],
      ["/services", { code: 200, services: [{ name: "t", workers: 1 }] }],
      ["/workers", [{ id: expect.stringMatching(/^inside-/) }]],
      ["/info", { state: "ready", transports: [{ name: "fetch", addresses: [] }] }],
    ] as const) {
      const response = await handle(ask(path));
      expect([response.status, await response.json()]).toMatchObject([200, part]);
    }
    const registered = await handle(post("/register", { name: "calc", service: "http://10.0.0.7:8080" }));
    expect([registered.status, await registered.json()]).toMatchObject([200, { data: { calc: [{ service: "http://10.0.0.7:8080" }] } }]);
  });

  it("lets pages call that cors names, and answers their preflight", async () => {
    const handle = handlerOf({}, { cors: { origin: "https://app.example" } });
    const origin = "https://app.example";
    const made = await handle(post("/call/t.made", [], { headers: { origin } }));
    expect([made.headers.get("access-control-allow-origin"), made.headers.get("vary")]).toEqual([origin, "origin, accept"]);
    const preflight = await handle(
      ask("/call/t.made", { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } }),
    );
    expect([preflight.status, preflight.headers.get("access-control-allow-methods")]).toEqual([204, "POST"]);
    const stranger = await handle(post("/call/t.made", [], { headers: { origin: "https://evil.example" } }));
    expect([stranger.headers.get("access-control-allow-origin"), stranger.headers.get("vary")]).toEqual([null, "origin, accept"]);
  });
});
