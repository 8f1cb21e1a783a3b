import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startServer } from "../../../support/http-server.ts";
import { Caller, open, toJob } from "./upstream-world.ts";

const get = { ":method": "GET", ":path": "/" };
const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** One connection as the server sees it. */
interface Seen {
  socket: Socket;
  /** Heads of requests, in their order. */
  asked: string[];
}

/** A server that answers each request without a body by `talk`, and tells its connections. */
async function startTalking(
  talk: (socket: Socket, at: { connection: number; request: number }) => void,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((socket) => {
    const one: Seen = { socket, asked: [] };
    const connection = seen.push(one) - 1;
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => {
      text += data.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const request = one.asked.push(text.slice(0, end)) - 1;
        text = text.slice(end + 4);
        talk(socket, { connection, request });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const { socket } of seen) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, seen };
}

async function ask(upstream: ReturnType<typeof open>, job = toJob(get)): Promise<Caller> {
  const caller = new Caller();
  upstream.send(job, caller);
  await caller.ended;
  return caller;
}

test("a connection is used again, the one that was used last first", async () => {
  const waiting: Socket[] = [];
  const { url, seen } = await startTalking((socket, { request }) => (request === 0 ? waiting.push(socket) : socket.write(ok)));
  const upstream = open(url);
  const callers = [new Caller(), new Caller()];
  for (const caller of callers) upstream.send(toJob(get), caller);
  await eventuallyTrue("both were asked", () => waiting.length === 2);
  for (const [at, caller] of callers.entries()) {
    waiting[at]?.write(ok);
    await eventuallyTrue("one has its answer", () => callers.filter(({ body }) => body === "ok").length === at + 1);
    void caller;
  }
  for (let turn = 0; turn < 3; turn++) expect((await ask(upstream)).body).toBe("ok");
  const last = seen.findIndex(({ socket }) => socket === waiting[1]);
  expect(seen.map(({ asked }) => asked.length)).toEqual(last === 0 ? [4, 1] : [1, 4]);
});

test("a kept connection that the server closes in place of an answer costs an idempotent job nothing", async () => {
  const { url, seen } = await startTalking((socket, { connection, request }) =>
    connection === 0 && request === 1 ? socket.destroy() : socket.write(ok),
  );
  const upstream = open(url);
  expect((await ask(upstream)).body).toBe("ok");
  expect((await ask(upstream, toJob(get, { idempotent: true }))).body).toBe("ok");
  expect(seen.map(({ asked }) => asked.length)).toEqual([2, 1]);
});

test.each([
  ["a job that is not idempotent", {}, ""],
  ["a job that streams its input", { idempotent: true, streamsInput: true }, ""],
  ["a job of whose answer a part has come", { idempotent: true }, "HTTP/1.1"],
])("%s is never sent twice", async (_what, more, answer) => {
  const { url, seen } = await startTalking((socket, { request }) => (request === 1 ? socket.end(answer) : socket.write(ok)));
  const upstream = open(url);
  await ask(upstream);
  const { error, neverStarted } = await ask(upstream, toJob(get, more));
  expect(error).toMatchObject({ code: "unavailable", details: { reason: "closed" } });
  expect(neverStarted).toBe(false);
  expect(seen.map(({ asked }) => asked.length)).toEqual([2]);
});

test("a new connection that is closed in place of an answer fails the job: nobody tries for ever", async () => {
  const { url, seen } = await startTalking((socket) => socket.destroy());
  const { error } = await ask(open(url), toJob(get, { idempotent: true }));
  expect(error).toMatchObject({ code: "unavailable", details: { reason: "closed" } });
  expect(seen).toHaveLength(1);
});

test.each([
  ["says that it closes", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"],
  ["says more than its answer", `${ok}HTTP/1.1 200 OK\r\n`],
  ["is about to close", "HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok"],
  ["is of an older version", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"],
])("a connection of a server that %s is not used again", async (_what, answer) => {
  const { url, seen } = await startTalking((socket) => socket.write(answer));
  const upstream = open(url);
  for (let turn = 0; turn < 2; turn++) expect((await ask(upstream)).body).toBe("ok");
  expect(seen.map(({ asked }) => asked.length)).toEqual([1, 1]);
  await eventuallyTrue("both were closed", () => seen.every(({ socket }) => socket.destroyed || socket.readableEnded));
});

test("what a server says when it was not asked is answered to nobody", async () => {
  const { url, seen } = await startTalking((socket) => socket.write(ok));
  const upstream = open(url);
  await ask(upstream);
  seen[0]?.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
  await eventuallyTrue("the connection was closed", () => seen[0]?.socket.readableEnded === true || seen[0]?.socket.destroyed === true);
  expect((await ask(upstream)).body).toBe("ok");
  expect(seen).toHaveLength(2);
});

test("what a server says before it has the request is no answer: the job takes another connection", async () => {
  const { url, seen } = await startTalking((socket) => socket.write(ok));
  const upstream = open(url);
  await ask(upstream);
  // Requests leave at the end of a turn: from here the next thing that happens is a read.
  await new Promise((resolve) => setImmediate(resolve));
  seen[0]?.socket.write("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  expect((await ask(upstream)).body).toBe("ok");
  expect(seen.map(({ asked }) => asked.length)).toEqual([1, 1]);
});

test("a name of which only one address answers is found", async () => {
  const { url, seen } = await startTalking((socket) => socket.write(ok));
  const upstream = open(url.replace("127.0.0.1", "localhost"));
  for (let turn = 0; turn < 2; turn++) expect((await ask(upstream)).body).toBe("ok");
  expect(seen).toHaveLength(1);
});

test("an idle connection is given up", async () => {
  const { url, seen } = await startTalking((socket) =>
    socket.write("HTTP/1.1 200 OK\r\nkeep-alive: timeout=2, max=5\r\ncontent-length: 2\r\n\r\nok"),
  );
  await ask(open(url, { headersTimeoutMs: 100 }));
  await eventuallyTrue("it was closed", () => seen[0]?.socket.readableEnded === true);
});

test("a job beyond the limit is turned away, to run elsewhere; one check more has room", async () => {
  const { url, seen } = await startTalking(() => {});
  const outcomes: unknown[] = [];
  const upstream = open(url, { connections: 1, observed: (outcome) => outcomes.push(outcome) });
  for (const isProbe of [false, true]) upstream.send(toJob(get), new Caller(), { isProbe });
  const { error, neverStarted } = await ask(upstream);
  expect(error?.code).toBe("resource_exhausted");
  expect(neverStarted).toBe(true);
  expect(outcomes).toEqual([]);
  await eventuallyTrue("two were asked", () => seen.length === 2);
});

test("a server that stops in the middle of a body fails the job; one that we hold up does not", async () => {
  const { url } = await startTalking((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"));
  const upstream = open(url, { bodyTimeoutMs: 50 });
  const slow = new Caller();
  slow.hasRoom = false;
  const control = upstream.send(toJob(get), slow);
  const { error } = await ask(upstream);
  expect(error).toMatchObject({ code: "deadline_exceeded", details: { reason: "timeout" } });
  expect([slow.body, slow.error]).toEqual(["half", undefined]);
  control.resume();
  await slow.ended;
  expect(slow.error?.code).toBe("deadline_exceeded");
});

test("a head that dribbles in is waited for no longer than one that does not come", async () => {
  const { url } = await startTalking((socket) => {
    const timer = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\n\r\n"), 5);
    socket.on("close", () => clearInterval(timer));
  });
  expect((await ask(open(url, { headersTimeoutMs: 100 }))).error?.code).toBe("deadline_exceeded");
});

test("a caller that takes its time with its body is not the server's fault", async () => {
  const { url } = await startServer((request, response) => void request.on("end", () => response.end("ok")).resume());
  const caller = new Caller();
  const control = open(url, { headersTimeoutMs: 40 }).send(toJob({ ":method": "POST", ":path": "/" }, { streamsInput: true }), caller);
  control.input?.(Buffer.from("a"));
  const other = await ask(open((await startTalking(() => {})).url, { headersTimeoutMs: 120 }));
  expect(other.error?.code).toBe("deadline_exceeded");
  control.endInput?.();
  await caller.ended;
  expect(caller.body).toBe("ok");
});

test.each([
  ["longer", ["hello", "you"], 5],
  ["shorter", ["hell"], 5],
])("a body %s than was announced is the caller's mistake", async (_what, pieces, length) => {
  const { url } = await startServer((request, response) => void request.on("end", () => response.end()).resume());
  const caller = new Caller();
  const metadata = { ":method": "POST", ":path": "/", "content-length": String(length) };
  const control = open(url).send(toJob(metadata, { streamsInput: true }), caller);
  for (const piece of pieces) control.input?.(Buffer.from(piece));
  control.endInput?.();
  await caller.ended;
  expect(caller.error?.code).toBe("invalid_argument");
});

test("a change of protocol that was not asked for is no answer", async () => {
  const { url } = await startTalking((socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"));
  expect((await ask(open(url))).error).toMatchObject({ code: "unavailable", details: { reason: "garbage" } });
});

test("input that came before the server agreed to change its protocol goes through the tunnel", async () => {
  const { url } = await startTalking((socket) => {
    socket.removeAllListeners("data");
    socket.on("data", (data: Buffer) => socket.write(data)).on("end", () => socket.end());
    socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\n\r\n");
  });
  const caller = new Caller();
  const control = open(url).send(toJob({ ...get, ":upgrade": "echo" }, { streamsInput: true }), caller);
  control.input?.(Buffer.from("early"));
  control.endInput?.();
  await caller.ended;
  expect([caller.error, caller.body]).toEqual([undefined, "early"]);
});

test.each([
  ["a line break in a header", { ":method": "GET", ":path": "/", "x-own": "a\r\nx-evil: 1" }],
  ["a name that is none", { ":method": "GET", ":path": "/", "x own": "a" }],
  ["a line break in its path", { ":method": "GET", ":path": "/ HTTP/1.1\r\nx-evil:1" }],
  ["a method that is none", { ":method": "GET /x", ":path": "/" }],
  ["CONNECT", { ":method": "CONNECT", ":path": "/" }],
  ["a line break in its protocol", { ":method": "GET", ":path": "/", ":upgrade": "a\r\nx-evil: 1" }],
])("a job with %s is not sent", async (_what, metadata) => {
  const { url, seen } = await startTalking((socket) => socket.write(ok));
  const { error } = await ask(open(url), toJob(metadata));
  expect(error?.code).toBe("invalid_argument");
  expect(seen).toHaveLength(0);
});

test("closed, it lets what runs end and takes nothing new; destroyed, it ends what runs", async () => {
  const waiting: Socket[] = [];
  const { url } = await startTalking((socket) => waiting.push(socket));
  const upstream = open(url);
  const [first, second] = [new Caller(), new Caller()];
  upstream.send(toJob(get), first);
  upstream.send(toJob(get), second);
  await eventuallyTrue("both were asked", () => waiting.length === 2);
  let isClosed = false;
  const closed = upstream.close().then(() => (isClosed = true));
  expect((await ask(upstream)).error?.code).toBe("unavailable");
  waiting[0]?.write(ok);
  await eventuallyTrue("one has its answer", () => first.body === "ok" || second.body === "ok");
  expect(isClosed).toBe(false);
  await upstream.destroy();
  await closed;
  await Promise.all([first.ended, second.ended]);
  expect([first, second].map(({ error }) => error?.code)).toEqual(expect.arrayContaining([undefined, "unavailable"]));
});
