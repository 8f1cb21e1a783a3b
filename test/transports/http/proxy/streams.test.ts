import { createHash } from "node:crypto";
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { hearSocket, startEchoSocket } from "../../../support/echo-socket.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { exchange } from "../../../support/http-door.ts";
import { bodyOf, startServer, startTcp } from "../../../support/http-server.ts";
import { openGate, openProxied } from "./proxy-world.ts";

/** Bytes that go up and come down in one test; the continuous run has 2 GiB. */
const largeBytes = Number(process.env["GATE_TEST_LARGE_BYTES"] ?? 512 * 1024 * 1024);
const piece = Buffer.alloc(256 * 1024, "0123456789abcdef");

function* pieces(total: number): Generator<Buffer> {
  for (let left = total; left > 0; left -= piece.length) yield left < piece.length ? piece.subarray(0, left) : piece;
}

async function sumOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash("sha1");
  for await (const part of stream) hash.update(part);
  return hash.digest("hex");
}

test("a large body goes up and comes down whole, in constant memory", async () => {
  const { url } = await openProxied((request, response) => {
    if (request.method === "GET") return void Readable.from(pieces(largeBytes)).pipe(response);
    void sumOf(request).then((sum) => response.end(sum));
  });
  const expected = await sumOf(Readable.from(pieces(largeBytes)));
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  onTestFinished(() => clearInterval(timer));
  const up = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(url, { method: "POST" }, resolve).on("error", reject);
    Readable.from(pieces(largeBytes)).pipe(request);
  });
  expect(String(await bodyOf(up))).toBe(expected);
  const down = await new Promise<IncomingMessage>((resolve) => httpRequest(url, resolve).end());
  expect(await sumOf(down)).toBe(expected);
  // The client and the server are in this process too; what is bounded is that it does not grow with the body.
  expect(most - before).toBeLessThan(256 * 1024 * 1024);
}, 120_000);

test("a client that leaves in the middle of a download ends the exchange with the server", async () => {
  let isGone = false;
  const { url } = await openProxied((_request, response) => {
    response.on("close", () => (isGone = true));
    response.write("first");
  });
  const controller = new AbortController();
  const response = await fetch(url, { signal: controller.signal });
  await response.body?.getReader().read();
  controller.abort();
  await eventuallyTrue("the server noticed", () => isGone);
});

test("a client that leaves in the middle of an upload ends the exchange with the server", async () => {
  let hasBegun = false;
  let isAborted = false;
  const { port } = await openProxied((request) => {
    request.on("data", () => (hasBegun = true));
    request.on("error", () => (isAborted = true));
  });
  const socket = connect(port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  await eventuallyTrue("the server has begun", () => hasBegun);
  socket.destroy();
  await eventuallyTrue("the server noticed", () => isAborted);
});

test("a client that leaves while its request waits for a connection is never sent", async () => {
  let asked = 0;
  let release = (): void => {};
  const { url, port, gate } = await openProxied(
    (_request, response) => {
      asked++;
      release = () => response.end();
    },
    { name: "one", queue: 5 },
  );
  expect(port).toBeGreaterThan(0);
  const held = await openGate({ proxy: [{ path: "/*", to: { url, connections: 1 }, name: "front" }] });
  const first = fetch(held.url);
  await eventuallyTrue("one runs", () => asked === 1);
  const socket = connect(held.port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const depth = (): number | undefined => held.gate.status.queues().find(({ target }) => target === "front.fetch")?.depth;
  await eventuallyTrue("one waits", () => depth() === 1);
  socket.destroy();
  await eventuallyTrue("it waits no more", () => depth() === 0);
  release();
  expect((await first).status).toBe(200);
  expect([asked, gate.status.info().jobs.accepted]).toEqual([1, 1]);
});

test.each([
  ["of known length", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"],
  ["in chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
  ["in a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\nhalf"],
  ["before its trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n"],
  ["in its trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nx-sum: 1\r\nx-ot"],
])("a body %s that the server breaks off is broken off for the client", async (_what, answer) => {
  const { port } = await openGate({ proxy: [{ path: "/*", to: await startTcp((socket) => socket.end(answer)) }] });
  const { text, isClosed } = await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 2000);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(text).toContain("half");
  expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
  expect(isClosed).toBe(true);
});

test("a server may answer before it has read the request", async () => {
  const { port } = await openProxied((_request, response) => response.writeHead(413).end("too much"));
  const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n";
  expect((await exchange(port, [head, "x".repeat(1000)], 200)).text).toMatch(/^HTTP\/1\.1 413 [^]*too much/);
});

test("events arrive as they are sent, and a drain waits for the response to end", async () => {
  let response: ServerResponse | undefined;
  const { url, gate } = await openProxied((_request, own) => {
    response = own.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n");
  });
  const reader = (await fetch(url)).body?.getReader();
  const read = async (): Promise<string> => new TextDecoder().decode((await reader?.read())?.value);
  expect(await read()).toBe("data: 1\n\n");
  const drained = gate.drain();
  response?.write("data: 2\n\n");
  expect(await read()).toBe("data: 2\n\n");
  response?.end();
  await drained;
  expect((await reader?.read())?.done).toBe(true);
});

test("a WebSocket passes, both ways, with its protocol and its close code", async () => {
  const { url: to, sockets } = await startEchoSocket("x-forwarded-for");
  const { url, gate } = await openGate({ proxy: [{ path: "/chat/*", to, rewrite: "/*", name: "chat" }] });
  const { socket, heard } = hearSocket(`${url}/chat/room?x=1`, "v1");
  await eventuallyTrue("a greeting came", () => heard.length === 1);
  expect([String(heard[0]), socket.protocol]).toEqual(["/room?x=1 127.0.0.1", "v1"]);
  const blob = Buffer.alloc(3_000_000, 7);
  socket.send(blob);
  await eventuallyTrue("an echo came", () => heard.length === 2);
  expect(heard[1]?.equals(blob)).toBe(true);
  expect(gate.status.queues().find(({ target }) => target === "chat.fetch")?.running).toBe(1);
  const closed = new Promise<number>((resolve) => [...sockets.clients][0]?.on("close", resolve));
  socket.close(4001);
  expect(await closed).toBe(4001);
  await eventuallyTrue("the job has ended", () => gate.status.queues().find(({ target }) => target === "chat.fetch")?.running === 0);
});

test("an upgrade that the server refuses is refused with its own answer, and one of no route with 404", async () => {
  const { port } = await openProxied((_request, response) => response.writeHead(426, { "x-own": "1" }).end("no"), { path: "/chat/*" });
  const upgrade = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  expect((await exchange(port, upgrade("/chat/x"), 2000)).text).toMatch(/^HTTP\/1\.1 426 [^]*x-own: 1[^]*no$/);
  expect((await exchange(port, upgrade("/other"), 2000)).text).toMatch(/^HTTP\/1\.1 404 /);
  expect((await exchange(port, upgrade("/chat/../x"), 2000)).text).toMatch(/^HTTP\/1\.1 400 /);
});

test("upstreams die and return under load: every request has one answer, and none hangs", async () => {
  const listener = (request: IncomingMessage, response: ServerResponse): void => void response.end(request.url);
  const stable = await startServer(listener);
  let dying = await startServer(listener);
  const health = { failures: 1, ejectFor: 50 };
  const { url, gate } = await openGate({ proxy: [{ path: "/*", to: [dying.url, stable.url], health }] });
  const load = { isOver: false };
  const wrong: string[] = [];
  let answered = 0;
  const caller = async (name: number): Promise<void> => {
    for (let at = 0; !load.isOver; at++) {
      const response = await fetch(`${url}/${name}/${at}`);
      const text = await response.text();
      if (response.status !== 200 || text !== `/${name}/${at}`) wrong.push(`${response.status} ${text}`);
      answered++;
    }
  };
  const callers = Array.from({ length: 16 }, (_, name) => caller(name));
  for (let turn = 0; turn < 3; turn++) {
    let mark = answered;
    await eventuallyTrue("requests go on", () => answered > mark + 200);
    dying.server.closeAllConnections();
    await new Promise((resolve) => dying.server.close(resolve));
    mark = answered;
    await eventuallyTrue("requests go on without it", () => answered > mark + 200);
    dying = await startServer(listener, dying.port);
    await eventuallyTrue("it is back", () => gate.status.workers().every(({ state }) => state === "ready"));
  }
  load.isOver = true;
  await Promise.all(callers);
  expect(wrong).toEqual([]);
});
