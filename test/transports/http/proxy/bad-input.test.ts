import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { exchange } from "../../../support/http-door.ts";
import { startServer, startTcp } from "../../../support/http-server.ts";
import { openGate, openProxied } from "./proxy-world.ts";

const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/** Says `first`, then `more` again and again until the gate ends it; gives the status line, empty without one. */
async function dribble(port: number, first: string, more: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (data) => (text += data.toString("latin1")));
  socket.on("error", () => {});
  socket.write(first);
  const timer = setInterval(() => socket.write(more), 20);
  onTestFinished(() => {
    clearInterval(timer);
    socket.destroy();
  });
  await new Promise((resolve) => socket.on("close", resolve));
  return text.split("\r\n", 1)[0] ?? "";
}

test.each([
  ["a head that never ends", "GET / HTTP/1.1\r\nHost: a\r\n", "x-a: 1\r\n", "HTTP/1.1 408 Request Timeout"],
  ["a connection without a word", "", "", "HTTP/1.1 408 Request Timeout"],
  [
    "the body of a call",
    "POST /call/t.echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n",
    "1\r\nx\r\n",
    "HTTP/1.1 408 Request Timeout",
  ],
])("a slow client is given up although it goes on: %s", async (_what, first, more, expected) => {
  const { port } = await openProxied((_request, response) => response.end(), {}, { requestTimeout: 200 });
  expect(await dribble(port, first, more)).toBe(expected);
});

test("slow clients do not stand in the way of others", async () => {
  const { port } = await openProxied((_request, response) => response.end("ok"));
  const slow = Array.from({ length: 300 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  onTestFinished(() => slow.forEach((socket) => socket.destroy()));
  for (const socket of slow) socket.write("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("ok");
});

test.each([
  ["many small headers", `GET / HTTP/1.1\r\nHost: a\r\n${"a:b\r\n".repeat(20_000)}\r\n`, /^HTTP\/1\.1 431 /],
  ["one large header", `GET / HTTP/1.1\r\nHost: a\r\nx: ${"y".repeat(1_000_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
  ["a large path", `GET /${"y".repeat(1_000_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, /^HTTP\/1\.1 (414|431) /],
  ["a large query", `GET /?${"y&".repeat(500_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, /^HTTP\/1\.1 (414|431) /],
  ["large trailers", `${chunked}0\r\n${"x: y\r\n".repeat(20_000)}\r\n`, /^HTTP\/1\.1 431 /],
  ["a large chunk extension", `${chunked}1;${"x".repeat(100_000)}\r\n`, /^HTTP\/1\.1 400 /],
  ["a chunk longer than numbers go", `${chunked}fffffffffffffffff\r\n`, /^HTTP\/1\.1 400 /],
])("a bomb goes off outside: %s", async (_what, raw, expected) => {
  const { port } = await openProxied((_request, response) => response.end());
  const { text } = await exchange(port, raw, 2000);
  expect(text).toMatch(expected);
  expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(200);
});

const ok = "HTTP/1.1 200 OK\r\n";

test.each([
  ["headers without end", `${ok}${"x: y\r\n".repeat(50_000)}`],
  ["one large header", `${ok}x: ${"y".repeat(1_000_000)}\r\n\r\n`],
  ["two lengths", `${ok}content-length: 1\r\ncontent-length: 2\r\n\r\nxy`],
  ["a length beside chunks", `${ok}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["a length below zero", `${ok}content-length: -1\r\n\r\n`],
  ["an unknown coding", `${ok}transfer-encoding: sdch\r\n\r\nx`],
  ["a header without a colon", `${ok}nonsense\r\n\r\n`],
  ["a byte of zero in a header", `${ok}x: a\0b\r\n\r\n`],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["the protocol of later days", "HTTP/2 200\r\n\r\n"],
])("a server that answers with %s is a bad gateway, once, and nothing of it gets through", async (_what, answer) => {
  const to = await startTcp((socket) => socket.write(answer, "latin1"));
  const { url } = await openGate({ proxy: [{ path: "/*", to, retries: 0, timeout: "5s" }] });
  const response = await fetch(url);
  expect([response.status, response.headers.get("content-type")]).toEqual([502, "application/problem+json"]);
  expect(response.headers.get("x")).toBeNull();
});

test.each([
  ["no size of a chunk", "zz\r\nevil\r\n0\r\n\r\n"],
  ["a size longer than numbers go", "fffffffffffffffff\r\nevil"],
  ["a chunk that does not end where it said", "1\r\nevil\r\n0\r\n\r\n"],
])("a body that turns into garbage is broken off: %s", async (_what, garbage) => {
  let server: Socket | undefined;
  const to = await startTcp((socket) => {
    server = socket;
    socket.write(`${ok}transfer-encoding: chunked\r\n\r\n4\r\ngood\r\n`);
  });
  const { port } = await openGate({ proxy: [{ path: "/*", to }] });
  const client = connect(port, "127.0.0.1").on("error", () => {});
  onTestFinished(() => void client.destroy());
  let text = "";
  client.on("data", (data) => (text += data.toString("latin1")));
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventuallyTrue("a part came", () => text.includes("good"));
  server?.write(garbage);
  await eventuallyTrue("it is over", () => client.closed);
  expect(text).not.toContain("evil");
  expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
});

test("what a server says after its answer reaches nobody", async () => {
  const to = await startTcp((socket) => socket.write(`${ok}content-length: 4\r\n\r\ngood${ok}content-length: 4\r\n\r\nevil`));
  const { url } = await openGate({ proxy: [{ path: "/*", to }] });
  for (let turn = 0; turn < 5; turn++) expect(await (await fetch(url)).text()).toBe("good");
});

test("a path that climbs is refused in a whole URL too", async () => {
  const { url: to } = await startServer((_request, response) => response.end("inside"));
  const { port } = await openGate({ proxy: [{ path: "/users/*", to }] });
  const ask = async (target: string): Promise<string> =>
    (await exchange(port, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).text;
  expect(await ask("http://a/users/%2e%2e/admin")).toMatch(/^HTTP\/1\.1 400 /);
  expect(await ask("http://a/users/x")).toMatch(/^HTTP\/1\.1 200 [^]*inside$/);
});
