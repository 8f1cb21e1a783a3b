import { createFetchHandler, type FetchHandler } from "unigate/fetch";
import { expect, onTestFinished, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { bodyOf } from "../../../support/http-server.ts";
import { openExposed } from "../expose/expose-world.ts";
import { ask } from "./fetch-world.ts";

type Listener = Parameters<typeof openExposed>[0];

/** A handler on a gate to which a worker has exposed a server at `/app`. */
async function open(listener: Listener): Promise<FetchHandler> {
  const { gate } = await openExposed(listener, { path: "/app" });
  const handler = createFetchHandler(gate, { remote: () => "203.0.113.7" });
  onTestFinished(() => handler.close());
  await eventuallyTrue("it is bound", async () => (await handler(ask("/app/"))).status !== 404);
  return handler;
}

test("an exposed server is reached through a handler: method, path, body, headers, status and cookies as they are", async () => {
  const handle = await open(async (request, response) => {
    const { url, method, headers } = request;
    const body = String(await bodyOf(request));
    response.writeHead(201, "Made", ["set-cookie", "a=1", "set-cookie", "b=2"]);
    response.end(
      JSON.stringify([method, url, body, headers["x-forwarded-for"], headers["x-forwarded-host"], headers["x-forwarded-prefix"]]),
    );
  });
  const response = await handle(ask("/app/a%2Fb?c=1", { method: "PUT", body: "hello" }));
  expect([response.status, response.statusText, response.headers.getSetCookie().length]).toEqual([201, "Made", 2]);
  expect(await response.json()).toEqual(["PUT", "/a%2Fb?c=1", "hello", "203.0.113.7", "gate.test", "/app"]);
});

test("its events come one by one, and a reader that leaves ends them", async () => {
  let isGone = false;
  const handle = await open((request, response) => {
    if (request.url === "/") return void response.end();
    response.on("close", () => (isGone = true));
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
  });
  const reader = (await handle(ask("/app/events"))).body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: 1\n\n");
  await reader?.cancel();
  await eventuallyTrue("the server noticed", () => isGone);
});

test("its path without the slash leads to it, a climb out of it is refused, and a broken body breaks off", async () => {
  const handle = await open((request, response) => {
    if (request.url !== "/broken") return void response.end("inside");
    response.writeHead(200, { "content-length": "100" }).write("half", () => response.destroy());
  });
  const bare = await handle(ask("/app"));
  expect([bare.status, bare.headers.get("location")]).toEqual([308, "/app/"]);
  expect((await handle(ask("/app/..%2fx"))).status).toBe(400);
  const head = await handle(ask("/app/x", { method: "HEAD" }));
  expect([head.status, await head.text()]).toEqual([200, ""]);
  await expect(handle(ask("/app/broken")).then((response) => response.text())).rejects.toThrow(/broke off/);
});
