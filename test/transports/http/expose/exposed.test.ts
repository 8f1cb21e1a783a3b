import { type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { defineService, method } from "unigate";
import { exposeServer } from "unigate/expose";
import { createWorker } from "unigate/worker";
import { describe, expect, onTestFinished, test } from "vitest";
import { hearSocket, startEchoSocket } from "../../../support/echo-socket.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { shout, shoutedBack } from "../../../support/shouted-back.ts";
import { exchange } from "../../../support/http-door.ts";
import { startServer } from "../../../support/http-server.ts";
import { freePort } from "../../../support/processes.ts";
import { openGate } from "../proxy/proxy-world.ts";
import { expose, openExposed } from "./expose-world.ts";

const tell = (request: IncomingMessage, response: ServerResponse): void =>
  void response.end(JSON.stringify([request.url, request.headers]));

describe("an exposed server", () => {
  test("gets the path without its prefix, and learns of it, of the public host and of its caller", async () => {
    const { url, server } = await openExposed(tell, { path: "/app" });
    const headers = { "x-forwarded-prefix": "/else", "x-forwarded-for": "1.2.3.4" };
    const [path, seen] = (await (await fetch(`${url}/app/a%2Fb/?c=1`, { headers })).json()) as [string, Record<string, string>];
    expect(path).toBe("/a%2Fb/?c=1");
    expect(seen).toMatchObject({
      host: new URL(server.url).host,
      "x-forwarded-host": new URL(url).host,
      "x-forwarded-prefix": "/app",
      "x-forwarded-for": "127.0.0.1",
    });
  });

  test("is found at its path with and without the slash, and nowhere beside it", async () => {
    const { url } = await openExposed(tell, { path: "/app" });
    const bare = await fetch(`${url}/app?c=1`, { redirect: "manual" });
    expect([bare.status, bare.headers.get("location")]).toEqual([308, "/app/?c=1"]);
    expect(((await (await fetch(`${url}/app`, { method: "POST" })).json()) as [string])[0]).toBe("/");
    expect((await fetch(`${url}/apple`)).status).toBe(404);
    for (const climbing of ["/app/../x", "/app/%2e%2e/x", "/app/a%2f..%2f..%2fx", "/app/..%5cx"]) {
      const { text } = await exchange(Number(new URL(url).port), `GET ${climbing} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(text).toMatch(/^HTTP\/1\.1 400/);
    }
  });

  test("at / leaves the gate its own paths and other workers theirs", async () => {
    const world = await openExposed(tell);
    const worker = createWorker({
      services: [defineService("api", { hello: method({ http: "GET /api/hello" }, () => "hello") })],
      gate: world.url.replace("http", "ws"),
      id: "api",
    });
    onTestFinished(() => worker.close());
    await worker.start();
    await eventuallyTrue("it is bound", async () => (await (await fetch(`${world.url}/api/hello`)).text()) === '"hello"');
    expect(await (await fetch(`${world.url}/health`)).json()).not.toBeInstanceOf(Array);
    expect(((await (await fetch(`${world.url}/`)).json()) as [string])[0]).toBe("/");
    expect(((await (await fetch(`${world.url}/api/other`)).json()) as [string])[0]).toBe("/api/other");
  });

  test("is refused at a path that another service has", async () => {
    const world = await openExposed(tell, { path: "/app" });
    await expect(expose(world, world.server.url, { path: "/app", name: "other", id: "other" })).rejects.toMatchObject({
      message: expect.stringContaining("is taken by app.fetch"),
    });
  });

  test.each(["app", "/a b", "/a/../b", "/a?b", "/:id", "/*"])("cannot be exposed at %s", (path) => {
    expect(() => exposeServer("http://localhost:1", { path })).toThrow(/is not a path to expose a server under/);
  });

  test("shares its requests with another one of its name and path", async () => {
    const world = await openExposed((_request, response) => response.end("1"), { path: "/app" });
    const other = await startServer((_request, response) => response.end("2"));
    await expose(world, other.url, { path: "/app", id: "second" });
    await eventuallyTrue("both are there", () => world.gate.status.workers().length === 2);
    const answers: string[] = [];
    for (let turn = 0; turn < 4; turn++) answers.push(await (await fetch(`${world.url}/app/`)).text());
    expect(answers.sort()).toEqual(["1", "1", "2", "2"]);
  });

  test("names itself in redirects and cookies as the public knows it", async () => {
    const { url, server } = await openExposed(
      (request, response) => {
        const { port } = new URL(`http://${request.headers.host}`);
        const to = decodeURIComponent((request.url ?? "").slice(2)).replace("PORT", port);
        response.writeHead(302, {
          location: to,
          "set-cookie": [`a=1; Path=/x; HttpOnly; Domain=127.0.0.1`, "__Host-b=2; Path=/; Secure", "c=3"],
        });
        response.end();
      },
      { path: "/app" },
    );
    const redirected = async (to: string): Promise<string | null> =>
      (await fetch(`${url}/app/?${encodeURIComponent(to)}`, { redirect: "manual" })).headers.get("location");
    expect(await redirected("/login?x=1#y")).toBe("/app/login?x=1#y");
    expect(await redirected("http://localhost:PORT/login?x=1#y")).toBe("/app/login?x=1#y");
    expect(await redirected(`${server.url}/`)).toBe("/app/");
    expect(await redirected("/app/login")).toBe("/app/login");
    for (const foreign of ["login", "http://example.com/x", "//example.com/x", "http://localhost:1/x", "mailto:a@b"])
      expect(await redirected(foreign)).toBe(foreign);
    expect((await fetch(`${url}/app/?x`, { redirect: "manual" })).headers.getSetCookie()).toEqual([
      "a=1; Path=/app/x; HttpOnly",
      "__Host-b=2; Path=/; Secure",
      "c=3",
    ]);
  });

  test("streams both ways: each piece arrives before the next is sent", async () => {
    const { url } = await openExposed(shout);
    await shoutedBack(url);
  });

  test("sends events as they come, told of when they begin; a caller that leaves ends them at the server", async () => {
    let events: ServerResponse | undefined;
    let hasLeft = false;
    const { url, told, worker } = await openExposed((request, response) => {
      events = response.writeHead(200, { "content-type": "text/event-stream" });
      events.write("data: 1\n\n");
      request.on("close", () => (hasLeft = true));
    });
    const reader = (await fetch(`${url}/events`)).body!.getReader();
    const read = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
    expect(await read()).toBe("data: 1\n\n");
    expect(told).toMatchObject([{ method: "GET", path: "/events", status: 200 }]);
    events?.write("data: 2\n\n");
    expect(await read()).toBe("data: 2\n\n");
    await reader.cancel();
    await eventuallyTrue("the server noticed", () => hasLeft);
    await eventuallyTrue("the worker is free", () => worker.inFlight === 0);
    expect(told).toHaveLength(1);
  });

  test("carries a WebSocket both ways, with its protocol and its close code", async () => {
    const { url: to, sockets } = await startEchoSocket("x-forwarded-prefix");
    const world = await openGate({});
    const { told, worker } = await expose(world, to, { path: "/chat" });
    const { socket, heard } = hearSocket(`${world.url}/chat/room?x=1`, "v1");
    await eventuallyTrue("a greeting came", () => heard.length === 1);
    expect([String(heard[0]), socket.protocol]).toEqual(["/room?x=1 /chat", "v1"]);
    expect(told).toMatchObject([{ method: "GET", path: "/chat/room?x=1", status: 101 }]);
    const blob = Buffer.alloc(3_000_000, 7);
    socket.send(blob);
    await eventuallyTrue("an echo came", () => heard.length === 2);
    expect(heard[1]?.equals(blob)).toBe(true);
    const closed = new Promise<number>((resolve) => [...sockets.clients][0]?.on("close", resolve));
    socket.close(4001);
    expect(await closed).toBe(4001);
    await eventuallyTrue("the worker is free", () => worker.inFlight === 0);
  });

  test("that is not there makes 502, told with the reason; one that breaks off breaks off for the caller", async () => {
    const world = await openGate({});
    const dead = await expose(world, `http://127.0.0.1:${await freePort()}`, { path: "/dead" });
    const response = await fetch(`${world.url}/dead/x`);
    expect([response.status, response.headers.get("content-type")]).toEqual([502, "application/problem+json"]);
    expect(await response.json()).toMatchObject({ code: "unavailable", detail: expect.stringContaining("cannot be reached") });
    expect(dead.told).toMatchObject([{ method: "GET", path: "/dead/x", status: 502, error: expect.stringContaining("ECONNREFUSED") }]);
    const breaking = await startServer((_request, own) => {
      own.writeHead(200, { "content-length": "100" }).write("half");
      setImmediate(() => own.destroy());
    });
    await expose(world, breaking.url, { path: "/breaking", id: "breaking" });
    await expect(fetch(`${world.url}/breaking/`).then((half) => half.text())).rejects.toThrow();
  });

  test("that leads back to the gate makes 508", async () => {
    const world = await openGate({});
    await expose(world, world.url, { path: "/loop" });
    const response = await fetch(`${world.url}/loop/loop/`);
    expect(response.status).toBe(508);
  });

  test("hears that its caller left in the middle of an upload", async () => {
    let hasBegun = false;
    let isAborted = false;
    const { port, told } = await openExposed((request) => {
      request.on("data", () => (hasBegun = true));
      request.on("error", () => (isAborted = true));
    });
    const socket = connect(port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    await eventuallyTrue("the server has begun", () => hasBegun);
    socket.destroy();
    await eventuallyTrue("the server noticed", () => isAborted);
    await eventuallyTrue("it is told of", () => told.length === 1);
    expect(told).toMatchObject([{ method: "POST", status: 499 }]);
  });

  test("whose worker is gone makes 503, and whose worker drains finishes what runs", async () => {
    const releases: (() => void)[] = [];
    const { url, worker } = await openExposed(
      (_request, response) => releases.push(() => response.end("done")),
      { path: "/app" },
      {
        config: { routes: { "app.*": { waitForWorker: "20ms" } } },
      },
    );
    const running = fetch(`${url}/app/`);
    await eventuallyTrue("it runs", () => releases.length === 1);
    const drained = worker.drain();
    releases[0]!();
    expect(await (await running).text()).toBe("done");
    await drained;
    const late = await fetch(`${url}/app/`);
    expect([late.status, late.headers.get("content-type")]).toEqual([503, "application/problem+json"]);
  });

  test("lets go of the server with the worker: no connection is left open", async () => {
    const { url, server, worker } = await openExposed((_request, response) => response.end("ok"));
    expect(await (await fetch(url)).text()).toBe("ok");
    const connections = (): Promise<number> => new Promise((resolve) => server.server.getConnections((_error, count) => resolve(count)));
    expect(await connections()).toBe(1);
    await worker.drain();
    await eventuallyTrue("the connection is closed", async () => (await connections()) === 0, 2000);
  });
});
