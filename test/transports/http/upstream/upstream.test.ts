import type { ReplySink } from "unigate/transport";
import { expect, test } from "vitest";
import { createUpstream } from "../../../../transports/http/upstream/index.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { bodyOf, startServer, startTcp } from "../../../support/http-server.ts";
import { freePort } from "../../../support/processes.ts";
import { Caller, open, toJob } from "./upstream-world.ts";

test("a job is one request: its method, path, headers and body arrive as they came", async () => {
  const { url, port } = await startServer(async (request, response) => {
    const body = await bodyOf(request);
    response.end(JSON.stringify({ method: request.method, url: request.url, raw: request.rawHeaders, body: body.toString() }));
  });
  const caller = new Caller();
  const headers = {
    ":method": "PATCH",
    ":path": "/a%2Fb/%7e?x=1&x=2",
    ":remote": "10.0.0.1",
    "x-many": ["1", "2"],
    te: "trailers",
    host: "gate",
  };
  open(`${url}/base/`, { via: "gate-1" }).send(toJob(headers, { payload: "héllo" }), caller);
  await caller.ended;
  const { raw, ...seen } = JSON.parse(Buffer.from(caller.body, "latin1").toString()) as { raw: string[] };
  expect(seen).toEqual({ method: "PATCH", url: "/base/a%2Fb/%7e?x=1&x=2", body: "héllo" });
  const pairs = raw.map((_text, at) => `${raw[at]}: ${raw[at + 1]}`).filter((_text, at) => at % 2 === 0);
  expect(pairs).toEqual(
    expect.arrayContaining([`host: 127.0.0.1:${port}`, "x-many: 1", "x-many: 2", "via: 1.1 gate-1", "content-length: 6"]),
  );
  expect(raw.join()).not.toMatch(/te,trailers|:method|10\.0\.0\.1/);
});

test("a reply has the status, every header in its order and repetition, and the trailers; headers of the hop stay behind", async () => {
  const { url } = await startServer((_request, response) => {
    response.writeHead(418, [
      "Set-Cookie",
      "a=1",
      "X-Own",
      "ÿ",
      "Set-Cookie",
      "b=2",
      "X-Hop",
      "1",
      "Connection",
      "keep-alive, x-hop",
      "Transfer-Encoding",
      "chunked",
    ]);
    response.write("one ");
    response.addTrailers({ "X-Sum": "42" });
    response.end("two");
  });
  const caller = new Caller();
  open(url).send(toJob({ ":method": "GET", ":path": "/" }), caller);
  await caller.ended;
  expect(caller.status).toBe("418");
  expect(caller.metadata.getAll("set-cookie")).toEqual(["a=1", "b=2"]);
  expect(caller.metadata.get("x-own")).toBe("ÿ");
  expect(["connection", "x-hop", "transfer-encoding"].map((name) => caller.metadata.get(name))).toEqual([undefined, undefined, undefined]);
  expect(caller.body).toBe("one two");
  expect(caller.trailers?.get("x-sum")).toBe("42");
});

test("a job that did not come over HTTP is a POST of its payload to its method", async () => {
  const { url } = await startServer(async (request, response) => {
    response.end(`${request.method} ${request.url} ${request.headers["content-type"]} ${(await bodyOf(request)).toString()}`);
  });
  const caller = new Caller();
  open(url).send(toJob({}, { payload: "[1]" }), caller);
  await caller.ended;
  expect(caller.body).toBe("POST /fetch application/json [1]");
});

test("input streams to the server, which holds up a caller that is faster than it", async () => {
  let received = 0;
  let go = (): void => {};
  const { url } = await startServer((request, response) => {
    go = () => request.on("data", (piece: Buffer) => (received += piece.length)).on("end", () => response.end("done"));
  });
  const caller = new Caller();
  const control = open(url).send(toJob({ ":method": "POST", ":path": "/" }, { streamsInput: true }), caller);
  const piece = Buffer.alloc(64 * 1024);
  let sent = 0;
  let hasRoom = true;
  await eventuallyTrue("the server's buffers are full", async () => {
    while (hasRoom || caller.drains > 0) {
      caller.drains = 0;
      sent += piece.length;
      hasRoom = control.input?.(piece) ?? true;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return sent > 128 * 1024;
  });
  expect(sent).toBeLessThan(64 * 1024 * 1024);
  go();
  await eventuallyTrue("it has room again", () => caller.drains > 0);
  control.endInput?.();
  await caller.ended;
  expect([caller.body, received]).toEqual(["done", sent]);
});

test("a caller that is slow holds up the server", async () => {
  let wrote = 0;
  const total = 64 * 1024 * 1024;
  const { url } = await startServer((_request, response) => {
    const write = (): void => {
      while (wrote < total) {
        wrote += 65_536;
        if (!response.write(Buffer.alloc(65_536))) return void response.once("drain", write);
      }
      response.end();
    };
    write();
  });
  let read = 0;
  const ended = Promise.withResolvers<void>();
  const gate = { isOpen: false };
  const sink: ReplySink = {
    chunk: (payload) => ((read += payload.length), gate.isOpen),
    end: () => ended.resolve(),
    fail: (error) => ended.reject(error),
  };
  const control = open(url).send(toJob({ ":method": "GET", ":path": "/" }), sink);
  let last = -1;
  await eventuallyTrue("the server is held up", async () => {
    const before = last;
    last = wrote;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return wrote > 0 && before === wrote;
  });
  expect(wrote).toBeLessThan(total);
  gate.isOpen = true;
  control.resume();
  await ended.promise;
  expect(read).toBe(total);
});

test("a server that is not there is unavailable, and the job may run elsewhere", async () => {
  const caller = new Caller();
  const outcomes: unknown[] = [];
  open(`http://127.0.0.1:${await freePort()}`, { observed: (outcome) => outcomes.push(outcome) }).send(
    toJob({ ":method": "POST", ":path": "/" }),
    caller,
  );
  await caller.ended;
  expect(caller.error).toMatchObject({ code: "unavailable", details: { reason: "refused" } });
  expect(caller.error?.message).toMatch(/cannot be reached: connect ECONNREFUSED/);
  expect(caller.neverStarted).toBe(true);
  expect(outcomes).toEqual([caller.error]);
});

test.each([
  ["is not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "garbage"],
  ["has two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", "garbage"],
  ["breaks off in the head", "HTTP/1.1 200 OK\r\ncontent-le", "closed"],
  ["breaks off in the body", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", "closed"],
  ["says nothing", "", "closed"],
])("an answer that %s fails the job, and says so", async (_what, answer, reason) => {
  const caller = new Caller();
  open(await startTcp((socket) => socket.end(answer))).send(toJob({ ":method": "GET", ":path": "/" }), caller);
  await caller.ended;
  expect(caller.error).toMatchObject({ code: "unavailable", details: { reason } });
  expect(caller.neverStarted).toBe(false);
});

test("a server that does not answer in time fails the job as deadline_exceeded", async () => {
  const caller = new Caller();
  open(await startTcp(() => {}), { headersTimeoutMs: 100 }).send(toJob({ ":method": "GET", ":path": "/" }), caller);
  await caller.ended;
  expect(caller.error).toMatchObject({ code: "deadline_exceeded", details: { reason: "timeout" } });
});

test("a cancel breaks off the exchange, and the sink hears one end", async () => {
  let isGone = false;
  const { url } = await startServer((request, response) => {
    response.on("close", () => (isGone = true));
    response.write("first");
    void request;
  });
  const caller = new Caller();
  const control = open(url).send(toJob({ ":method": "GET", ":path": "/" }), caller);
  await eventuallyTrue("the first chunk came", () => caller.body === "first");
  control.cancel("enough");
  await caller.ended;
  expect(caller.error).toMatchObject({ code: "cancelled", message: "enough" });
  await eventuallyTrue("the server noticed", () => isGone);
});

test("a cancel before there is a connection ends the job at once", async () => {
  const caller = new Caller();
  const control = open("http://127.0.0.1:9").send(toJob({ ":method": "GET", ":path": "/" }), caller);
  control.cancel();
  expect(caller.error?.code).toBe("cancelled");
  expect(caller.neverStarted).toBe(true);
});

test("a server may answer before it has read the request", async () => {
  const { url } = await startServer((_request, response) => response.writeHead(413).end("too much"));
  const caller = new Caller();
  const control = open(url).send(toJob({ ":method": "POST", ":path": "/" }, { streamsInput: true }), caller);
  control.input?.(Buffer.alloc(1000));
  await caller.ended;
  expect([caller.status, caller.body]).toEqual(["413", "too much"]);
  expect(control.input?.(Buffer.alloc(1000))).toBe(true);
});

test("an upgrade becomes a tunnel: bytes both ways until one side ends", async () => {
  const { url, server } = await startServer((_request, response) => response.end());
  server.on("upgrade", (request, socket) => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\nX-Own: 1\r\n\r\nhi `);
    socket.on("data", (data: Buffer) => (data.toString() === "bye" ? socket.end() : socket.write(data.toString().toUpperCase())));
  });
  const caller = new Caller();
  const control = open(url).send(toJob({ ":method": "GET", ":path": "/", ":upgrade": "chat" }, { streamsInput: true }), caller);
  await eventuallyTrue("the server agreed", () => caller.body === "hi ");
  expect([caller.status, caller.metadata.get("x-own")]).toEqual(["101", "1"]);
  control.input?.(Buffer.from("there"));
  await eventuallyTrue("an echo came", () => caller.body === "hi THERE");
  control.input?.(Buffer.from("bye"));
  await caller.ended;
  expect(caller.error).toBeUndefined();
});

test("what is not the URL of an HTTP server is refused", () => {
  for (const url of ["ftp://a", "nothing", ""]) expect(() => createUpstream(url)).toThrow(/is not the URL of an HTTP server/);
});

test("a request that HTTP cannot carry is the caller's mistake", async () => {
  const caller = new Caller();
  open("http://127.0.0.1:9").send(toJob({ ":method": "GET", ":path": "/a b" }), caller);
  await caller.ended;
  expect(caller.error?.code).toBe("invalid_argument");
});
