import type { RequestListener } from "node:http";
import { createFetchHandler, type FetchHandler, type FetchOptions } from "unigate/fetch";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { bodyOf, startServer } from "../../../support/http-server.ts";
import { openExposed } from "../expose/expose-world.ts";
import { ask, post } from "./fetch-world.ts";

const mebibyte = 1024 * 1024;

/** A server that stands for both kinds of those that a handler passes requests to. */
interface PassedTo {
  handle: FetchHandler;
  /** Its path at the gate. */
  at: string;
}

/** A handler and a service that has registered itself with it. */
async function openService(listener: RequestListener, options: FetchOptions = {}): Promise<PassedTo> {
  const server = await startServer(listener);
  const handle = createFetchHandler({ settle: 0 }, { bodyLimit: "100kb", ...options });
  onTestFinished(() => handle.close());
  expect((await handle(post("/register", { name: "shop", service: server.url }))).status).toBe(200);
  return { handle, at: "/svc/shop" };
}

/** A handler and a server that a worker has exposed to its gate. */
async function openSite(listener: RequestListener, options: FetchOptions = {}): Promise<PassedTo> {
  const { gate } = await openExposed((request, response) => (request.url === "/up" ? response.end() : listener(request, response)), {
    path: "/app",
  });
  const handle = createFetchHandler(gate, { bodyLimit: "100kb", ...options });
  onTestFinished(() => handle.close());
  await eventuallyTrue("it is bound", async () => (await handle(ask("/app/up"))).status === 200);
  return { handle, at: "/app" };
}

/** A body of `pieces` pieces of a mebibyte, and how many of them have been taken. */
function streamed(pieces: number): { body: ReadableStream<Uint8Array>; taken: () => number; isCancelled: () => boolean } {
  let taken = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (taken === pieces) return controller.close();
        controller.enqueue(new Uint8Array(mebibyte).fill(taken++));
      },
      cancel: () => void (isCancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { body, taken: () => taken, isCancelled: () => isCancelled };
}

const put = (path: string, body: NonNullable<RequestInit["body"]>): Request => ask(path, { method: "PUT", body, duplex: "half" });

describe.each([
  ["a registered service", openService],
  ["an exposed server", openSite],
])("the body of a request for %s, through a handler", (_what, open) => {
  test("streams, whatever bodyLimit says of those that are read whole", async () => {
    let received = 0;
    let isOrdered = true;
    const { handle, at } = await open(async (request, response) => {
      for await (const piece of request as AsyncIterable<Buffer>) {
        isOrdered &&= piece[0] === Math.floor(received / mebibyte);
        received += piece.length;
      }
      response.end(request.headers["transfer-encoding"]);
    });
    const response = await handle(put(`${at}/upload`, streamed(8).body));
    expect([response.status, await response.text(), received, isOrdered]).toEqual([200, "chunked", 8 * mebibyte, true]);
  });

  test("is taken no faster than the server reads, and to its end once it does", async () => {
    const { promise: mayRead, resolve: read } = Promise.withResolvers<void>();
    const { handle, at } = await open(async (request, response) => {
      await mayRead;
      response.end(String((await bodyOf(request)).length));
    });
    const { body, taken } = streamed(64);
    const answer = handle(put(`${at}/slow`, body));
    await eventuallyTrue("the body has begun", () => taken() > 0);
    let before = -1;
    await eventuallyTrue("the body stands still", async () => {
      const isStill = taken() === before;
      before = taken();
      await new Promise((resolve) => setTimeout(resolve, 50));
      return isStill;
    });
    expect(taken()).toBeLessThan(32);
    read();
    expect(await (await answer).text()).toBe(String(64 * mebibyte));
  });

  test("is taken no further once the server has answered", async () => {
    const { handle, at } = await open((_request, response) => void response.writeHead(413).end("too much"));
    const { body, isCancelled } = streamed(1000);
    const response = await handle(put(`${at}/early`, body));
    expect([response.status, await response.text()]).toEqual([413, "too much"]);
    await eventuallyTrue("its sender is told", isCancelled);
  });

  test("that breaks off breaks off for the server too, and the caller is told", async () => {
    let isAborted = false;
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const { handle, at } = await open((request) => {
      request.on("error", () => (isAborted = true));
      request.on("data", () => arrive());
    });
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
      pull: (controller) => arrived.then(() => controller.error(new Error("the sender left"))),
    });
    expect((await handle(put(`${at}/broken`, body))).status).toBe(499);
    await eventuallyTrue("the server notices", () => isAborted);
  });

  test("arrives byte for byte when it is small, empty or in one large piece", async () => {
    const { handle, at } = await open(async (request, response) => response.end(await bodyOf(request)));
    for (const size of [0, 1, 70_000, 3 * mebibyte]) {
      const sent = Buffer.alloc(size, "abc");
      const answer = await handle(put(`${at}/echo`, sent));
      expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), sent)).toBe(0);
    }
  });
});

test("a passed body that stops for longer than requestTimeout ends with 408, and its server lets go", async () => {
  let isAborted = false;
  const { handle, at } = await openService(
    (request) => {
      request.on("error", () => (isAborted = true));
      request.resume();
    },
    { requestTimeout: 50 },
  );
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new Uint8Array(10)) });
  const response = await handle(put(`${at}/stalled`, body));
  expect([response.status, await response.json()]).toEqual([408, expect.objectContaining({ code: "deadline_exceeded" })]);
  await eventuallyTrue("the server notices", () => isAborted);
});

describe("/svc/{name}/ through a handler", () => {
  test("passes method, path, query, headers and status as they are, and tells where the service seems to live", async () => {
    const { handle, at } = await openService(
      (request, response) => {
        const { url, method, headers } = request;
        response.writeHead(201, "Made", ["set-cookie", "a=1", "set-cookie", "b=2"]);
        response.end(JSON.stringify([method, url, headers["x-forwarded-prefix"], headers["x-forwarded-for"], headers["x-own"]]));
      },
      { remote: () => "203.0.113.7" },
    );
    const response = await handle(ask(`${at}/a%2Fb?c=1`, { method: "DELETE", headers: { "x-own": "1" } }));
    expect([response.status, response.statusText, response.headers.getSetCookie()]).toEqual([201, "Made", ["a=1", "b=2"]]);
    expect(await response.json()).toEqual(["DELETE", "/a%2Fb?c=1", "/svc/shop", "203.0.113.7", "1"]);
  });

  test("is not found for a name that nobody registered, and refuses a path that climbs", async () => {
    const { handle, at } = await openService((_request, response) => response.end("inside"));
    expect((await handle(ask("/svc/nobody/x"))).status).toBe(404);
    expect((await handle(ask(`${at}/..%2fx`))).status).toBe(400);
    expect(await (await handle(ask(`${at}/x`))).text()).toBe("inside");
  });
});
