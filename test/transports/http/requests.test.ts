import { currentJob, defineService, method } from "unigate";
import { request } from "node:http";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { exchange, openHttpDoor } from "../../support/http-door.ts";

const service = defineService("q", {
  meta: method({ http: ["GET /meta", "DELETE /meta", "POST /meta"] }, () => currentJob().metadata.toObject()),
  left: () => currentJob().timeLeft(),
  echo: (...args: unknown[]) => args,
  size: (body: Uint8Array) => body.length,
});

type Meta = Record<string, string | string[]>;
const post = (headers: Record<string, string> = {}, body?: string): RequestInit => ({
  method: "POST",
  headers,
  ...(body === undefined ? {} : { body }),
});

describe("the metadata of a job", () => {
  it("has every header in lower case with repeats, the request line, the caller's address and a request id", async () => {
    const { url } = await openHttpDoor(service, { worker: { version: "v1" } });
    const text = await new Promise<string>((resolve) => {
      request(`${url}/meta?a=1&a=2`, { headers: { "X-Many": ["1", "2"], "X-API-Version": "v1" } }, async (message) =>
        resolve(Buffer.concat(await message.toArray()).toString()),
      ).end();
    });
    const meta = JSON.parse(text) as Meta;
    expect(meta).toMatchObject({
      ":method": "GET",
      ":path": "/meta?a=1&a=2",
      ":query": "a=1&a=2",
      ":remote": "127.0.0.1",
      ":binding": "GET /meta",
      "x-many": ["1", "2"],
      "x-api-version": "v1",
      "x-request-id": expect.stringMatching(/^[\da-f-]{36}$/),
    });
  });

  it("leaves out the headers of this hop, also those that Connection names", async () => {
    const { port } = await openHttpDoor(service);
    const { text } = await exchange(
      port,
      "GET /meta HTTP/1.1\r\nhost: x\r\nConnection: X-Secret, close\r\nX-Secret: 1\r\nTE: trailers\r\nProxy-Authorization: y\r\nX-Kept: 1\r\n\r\n",
    );
    const meta = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)) as Meta;
    expect(Object.keys(meta).filter((key) => !key.startsWith(":"))).toEqual(["host", "x-kept", "x-request-id"]);
  });

  it("cannot be given a key of the gate's own from outside", async () => {
    const { port } = await openHttpDoor(service);
    for (const header of [":status: 500", ":param.id: 1", " :binding: x"]) {
      const { text, isClosed } = await exchange(port, `GET /meta HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n`);
      expect([text.slice(0, 12), isClosed]).toEqual(["HTTP/1.1 400", true]);
    }
  });

  it("has the address behind a proxy that the config trusts, and only then", async () => {
    const headers = { "x-forwarded-for": "203.0.113.7" };
    const remote = async (trustProxy: boolean | string): Promise<unknown> => {
      const { url } = await openHttpDoor(service, { http: { trustProxy } });
      return ((await (await fetch(`${url}/meta`, { headers })).json()) as Meta)[":remote"];
    };
    expect([await remote(true), await remote("127.0.0.1"), await remote("10.0.0.0/8"), await remote(false)]).toEqual([
      "203.0.113.7",
      "203.0.113.7",
      "127.0.0.1",
      "127.0.0.1",
    ]);
  });

  it("does not reach a prototype, whatever the keys", async () => {
    const { url } = await openHttpDoor(service);
    await fetch(`${url}/meta?__proto__=1&constructor=2`, post({ "content-type": "application/json" }, '{"__proto__":{"polluted":1}}'));
    await fetch(`${url}/call/__proto__.constructor`, post({ "content-type": "application/x-www-form-urlencoded" }, "__proto__=1"));
    expect((await fetch(`${url}/service/__proto__`)).status).toBe(404);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("a request id", () => {
  it("is kept, or made when there is none, in replies and in every refusal", async () => {
    const { url } = await openHttpDoor(service, { http: { bodyLimit: "1kb" } });
    const requests: [string, RequestInit][] = [
      ["/meta", {}],
      ["/nowhere", {}],
      ["/call/q.meta", {}],
      ["/call/%zz", post()],
      ["/service/none", {}],
      ["/call/q.echo", post({ "x-timeout": "soon" })],
      ["/call/q.echo", post({ "content-type": "text/plain" }, "x".repeat(2000))],
    ];
    for (const [path, init] of requests) {
      const made = await fetch(url + path, init);
      expect([path, made.headers.get("x-request-id")]).toEqual([path, expect.stringMatching(/^[\da-f-]{36}$/)]);
      const kept = await fetch(url + path, { ...init, headers: { ...init.headers, "x-request-id": "mine" } });
      expect([path, kept.headers.get("x-request-id")]).toEqual([path, "mine"]);
    }
    const empty = await fetch(`${url}/meta`, { headers: { "x-request-id": "" } });
    expect(empty.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
  });
});

describe("a deadline", () => {
  it.each([
    ["x-timeout", "30s", 30_000],
    ["x-timeout", "1500", 1500],
    ["grpc-timeout", "20S", 20_000],
    ["grpc-timeout", "900m", 900],
    ["connect-timeout-ms", "5000", 5000],
  ])("may come as %s: %s", async (name, value, ms) => {
    const { url } = await openHttpDoor(service);
    const left = (await (await fetch(`${url}/call/q.left`, post({ [name]: value }))).json()) as number;
    expect(left).toBeLessThanOrEqual(ms);
    expect(left).toBeGreaterThan(ms - 500);
  });

  it.each([
    ["x-timeout", "-1"],
    ["x-timeout", "1 fortnight"],
    ["grpc-timeout", "30s"],
    ["grpc-timeout", "123456789S"],
    ["connect-timeout-ms", "5s"],
  ])("that is none is 400 and names its header: %s: %s", async (name, value) => {
    const { url } = await openHttpDoor(service);
    const response = await fetch(`${url}/call/q.left`, post({ [name]: value }));
    expect(await response.json()).toMatchObject({
      status: 400,
      code: "invalid_argument",
      detail: expect.stringContaining(`header ${name}`),
    });
  });

  it("that has passed already is 504", async () => {
    const { url } = await openHttpDoor(service);
    expect((await fetch(`${url}/call/q.left`, post({ "x-timeout": "0" }))).status).toBe(504);
  });
});

describe("a body", () => {
  it("without a content type is JSON, with an impossible one a problem", async () => {
    const { port, url } = await openHttpDoor(service);
    const { text } = await exchange(port, "POST /call/q.echo HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n[1,2]");
    expect(text).toContain("\r\n\r\n[1,2]");
    const odd = await fetch(`${url}/call/q.echo`, post({ "content-type": "; ;" }, "[1]"));
    expect(await odd.json()).toMatchObject({ status: 415, code: "invalid_argument" });
  });

  it("of exactly bodyLimit passes; one byte more is 413, declared or chunked, and the connection ends", async () => {
    const { port } = await openHttpDoor(service, { http: { bodyLimit: "1kb" } });
    const head = "POST /call/q.size HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\n";
    const exact = await exchange(port, `${head}content-length: 1024\r\n\r\n${"x".repeat(1024)}`);
    expect(exact.text).toContain("\r\n\r\n1024");
    const declared = await exchange(port, `${head}content-length: 1025\r\n\r\nx`);
    expect([declared.text.slice(0, 12), declared.isClosed]).toEqual(["HTTP/1.1 413", true]);
    expect(declared.text).toContain('"code":"resource_exhausted"');
    const chunk = `200\r\n${"x".repeat(512)}\r\n`;
    const chunked = await exchange(port, [`${head}transfer-encoding: chunked\r\n\r\n`, chunk, chunk, chunk]);
    expect([chunked.text.slice(0, 12), chunked.isClosed]).toEqual(["HTTP/1.1 413", true]);
  });

  it("that has no room among all that are being received is 429 and can be tried again, declared or chunked, before its first byte", async () => {
    const { port, url } = await openHttpDoor(service, { http: { bodyLimit: "1mb", bodyMemory: "1mb" } });
    const head = "POST /call/q.size HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\n";
    const size = 600_000;
    const slow = connect(port, "127.0.0.1");
    slow.on("error", () => {});
    slow.write(`${head}content-length: ${size}\r\n\r\n${"x".repeat(1000)}`);
    const body = Buffer.alloc(size);
    const type = { "content-type": "application/octet-stream" };
    const refused = async (): Promise<[number, string | null]> => {
      const response = await fetch(`${url}/call/q.size`, { ...post(type, ""), body });
      await response.text();
      return [response.status, response.headers.get("retry-after")];
    };
    await expect.poll(refused).toEqual([429, "1"]);
    const chunked = await exchange(port, [`${head}transfer-encoding: chunked\r\n\r\n`, `80000\r\n${"x".repeat(0x80000)}\r\n`]);
    expect(chunked.text).toContain("429 Too Many Requests");
    // Small ones, which are most, go on.
    expect(await (await fetch(`${url}/call/q.size`, { ...post(type, ""), body: "abc" })).json()).toBe(3);
    slow.destroy();
    await expect.poll(async () => (await refused())[0]).toBe(200);
  });

  it("may never be larger than the gate's maxPayload", async () => {
    const { url } = await openHttpDoor(service, { http: { bodyLimit: "10mb" }, config: { maxPayload: "2kb" } });
    expect((await fetch(`${url}/call/q.echo`, post({ "content-type": "text/plain" }, "x".repeat(3000)))).status).toBe(413);
  });
});

describe("the Accept header", () => {
  it.each([
    ["*/*", "application/json"],
    ["application/msgpack", "application/msgpack"],
    ["application/msgpack, application/json;q=0.5", "application/msgpack"],
    ["text/html, application/xhtml+xml, */*;q=0.8", "application/json"],
    ["text/plain", "text/plain"],
    ["text/event-stream", "application/json"],
  ])("%s brings a value as %s", async (accept, type) => {
    const { url } = await openHttpDoor(service);
    const response = await fetch(`${url}/call/q.echo`, post({ accept, "content-type": "application/json" }, "[1]"));
    expect(response.headers.get("content-type")).toBe(type);
    const body = Buffer.from(await response.arrayBuffer());
    expect(body).toEqual(type === "application/msgpack" ? Buffer.from([0x91, 1]) : Buffer.from("[1]"));
  });
});

describe("what is malformed", () => {
  it("in the URL is a problem document, not fastify's own", async () => {
    const { url } = await openHttpDoor(service);
    const bad = await fetch(`${url}/call/%zz`, post());
    expect(await bad.json()).toMatchObject({ status: 400, code: "invalid_argument" });
    const long = await fetch(`${url}/call/${"x".repeat(2000)}`, post());
    expect(await long.json()).toMatchObject({ status: 414, code: "invalid_argument" });
  });

  it("in a head that is too large is 431", async () => {
    const { port } = await openHttpDoor(service);
    const { text, isClosed } = await exchange(port, `GET /health HTTP/1.1\r\nhost: x\r\nx-big: ${"x".repeat(20_000)}\r\n\r\n`);
    expect([text.slice(0, 45), isClosed]).toEqual(["HTTP/1.1 431 Request Header Fields Too Large\r", true]);
  });
});
