import { request as httpRequest, type RequestListener } from "node:http";
import type { GateConfig, Strategy } from "unigate";
import { github } from "unigate/webhooks";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { hearSocket, startEchoSocket } from "../../../support/echo-socket.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { shout, shoutedBack } from "../../../support/shouted-back.ts";
import { exchange } from "../../../support/http-door.ts";
import { bodyOf, startServer } from "../../../support/http-server.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { freePort } from "../../../support/processes.ts";
import { ask as askDirectly, mirror, table } from "../proxy/conformance-table.ts";
import { ask, openGate } from "./registry-world.ts";

async function openService(listener: RequestListener, config: Partial<GateConfig> = {}, control = "") {
  const world = await openGate({ control }, config);
  const server = await startServer(listener);
  await ask(`${world.url}${control}/register`, { name: "shop", service: server.url });
  return { ...world, server, at: `${world.url}${control}/svc/shop` };
}

describe("a caller of /svc/{name}/ cannot tell the gate from the instance", () => {
  test.each(table)("%s", async (_what, asked) => {
    const { url, server } = await openService(mirror);
    const request = asked();
    const path = `/svc/shop${request.path ?? "/"}`;
    expect(await askDirectly(url, { ...asked(), path })).toEqual(await askDirectly(server.url, request));
  });
});

describe("/svc/{name}/", () => {
  test("tells the instance where its service seems to live, whatever the caller says of it", async () => {
    const { at, url } = await openService((request, response) => response.end(JSON.stringify([request.url, request.headers])));
    const told = async (path: string): Promise<[string, Record<string, string>]> =>
      (await (await fetch(path, { headers: { "x-forwarded-prefix": "/else" } })).json()) as [string, Record<string, string>];
    const [path, headers] = await told(`${at}/a/b?c=1`);
    expect(path).toBe("/a/b?c=1");
    expect(headers).toMatchObject({ "x-forwarded-prefix": "/svc/shop", "x-forwarded-host": new URL(url).host });
    expect((await told(at))[0]).toBe("/");
    expect((await told(`${at}?c=1`))[0]).toBe("/?c=1");
  });

  test("moves with the gate's own paths", async () => {
    const { at, url } = await openService((request, response) => response.end(request.headers["x-forwarded-prefix"]), {}, "/_gate");
    expect(await (await fetch(`${at}/`)).text()).toBe("/_gate/svc/shop");
    expect((await fetch(`${url}/svc/shop/`)).status).toBe(404);
  });

  test("is not found for a name that nobody registered, and for proxied routes and workers that have that name", async () => {
    const { url: upstream } = await startServer((_request, response) => response.end("secret"));
    const { url } = await openGate({ proxy: [{ path: "/public/*", to: upstream, name: "public" }] });
    for (const name of ["nobody", "public", "", "%24gate"]) {
      const response = await fetch(`${url}/svc/${name}/secret`);
      expect([name, response.status]).toEqual([name, 404]);
      expect(await response.json()).toMatchObject({ code: "not_found" });
    }
  });

  test("refuses a path that climbs", async () => {
    const { url } = await openService(mirror);
    for (const path of ["/svc/shop/../x", "/svc/shop/%2e%2e/x", "/svc/shop/a%2f..%2f..%2fx"])
      expect((await exchange(Number(new URL(url).port), `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)).text).toMatch(/^HTTP\/1\.1 400/);
  });

  test("passes nothing unread where the route wants signed webhooks", async () => {
    let asked = 0;
    const routes = { "shop.*": { webhook: github({ secret: "a-secret-of-webhooks" }) } };
    const { at } = await openService((_request, response) => response.end(String(++asked)), { routes });
    const response = await fetch(at, { method: "POST", body: "{}" });
    expect([response.status, asked]).toEqual([401, 0]);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining("bind the webhook to a method") });
  });

  test("waits a moment for a service whose only instance is gone, then says that nobody serves it", async () => {
    const { at, url, server } = await openService(mirror, { routes: { "shop.*": { waitForWorker: "20ms" } } });
    await fetch(`${url}/register?name=shop&service=${server.url}`, { method: "DELETE" });
    const response = await fetch(`${at}/`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "unavailable" });
  });

  test("streams both ways: each piece arrives before the next is sent", async () => {
    const { url } = await openService(shout);
    await shoutedBack(`${url}/svc/shop/`);
  });

  test("carries a WebSocket", async () => {
    const { url: service } = await startEchoSocket("x-forwarded-prefix");
    const { url } = await openGate();
    await ask(`${url}/register`, { name: "chat", service });
    const { socket, heard } = hearSocket(`${url}/svc/chat/room?x=1`);
    await eventuallyTrue("a greeting came", () => heard.length === 1);
    expect(String(heard[0])).toBe("/room?x=1 /svc/chat");
    socket.send(Buffer.alloc(300_000, 7));
    await eventuallyTrue("an echo came", () => heard[1]?.length === 300_000);
    socket.close();
    const refused = new WebSocket(`${url.replace("http", "ws")}/svc/nobody/`);
    const status = await new Promise((resolve) =>
      refused.once("unexpected-response", (_request, response) => resolve(response.statusCode)),
    );
    expect(status).toBe(404);
  });

  test("spreads over the instances by the strategy of the route", async () => {
    const inTurn = await openService((_request, response) => response.end("1"));
    const other = await startServer((_request, response) => response.end("2"));
    await ask(`${inTurn.url}/register`, { name: "shop", service: other.url });
    const answers = async (at: string): Promise<string> => {
      const all: string[] = [];
      for (let turn = 0; turn < 4; turn++) all.push(await (await fetch(at)).text());
      return all.join("");
    };
    expect(await answers(inTurn.at)).toMatch(/^(12){2}|(21){2}$/);
    const last: Strategy = { name: "last", createBalancer: () => ({ pick: (ready) => ready.at(-1) }) };
    const second = await openService((_request, response) => response.end("1"), { routes: { "shop.*": { strategy: last } } });
    await ask(`${second.url}/register`, { name: "shop", service: other.url });
    expect(await answers(second.at)).toBe("2222");
  });

  test("leaves an instance out that has died, and costs no request for it", async () => {
    const { at, url, gate } = await openService((_request, response) => response.end("alive"));
    const dead = `http://127.0.0.1:${await freePort()}`;
    await ask(`${url}/register`, { name: "shop", service: dead });
    for (let turn = 0; turn < 10; turn++) {
      const response = await fetch(at, { method: "POST", body: "x" });
      expect([response.status, await response.text()]).toEqual([200, "alive"]);
    }
    expect(gate.status.workers().find(({ address }) => address === dead)?.state).toBe("down");
  });

  test("asks an instance again that was left out, as soon as its next heartbeat comes", async () => {
    const port = await freePort();
    const service = `http://127.0.0.1:${port}`;
    const { at, url, gate } = await openService((_request, response) => response.end("first"), {}, "");
    await ask(`${url}/register`, { name: "shop", service });
    const state = (): string | undefined => gate.status.workers().find(({ address }) => address === service)?.state;
    for (let turn = 0; state() !== "down" && turn < 20; turn++) expect((await fetch(at)).status).toBe(200);
    expect(state()).toBe("down");
    await startServer((_request, response) => response.end("second"), port);
    await ask(`${url}/register`, { name: "shop", service });
    const answers = new Set<string>();
    for (let turn = 0; turn < 4; turn++) answers.add(await (await fetch(at)).text());
    expect([...answers].sort()).toEqual(["first", "second"]);
  });

  test("says 502 when the only instance is not there", async () => {
    const { url } = await openGate();
    await ask(`${url}/register`, { name: "dead", service: `http://127.0.0.1:${await freePort()}` });
    const response = await fetch(`${url}/svc/dead/`);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ code: "unavailable", detail: expect.stringContaining("cannot be reached") });
  });

  test("answers 508 when the instance leads back to it", async () => {
    const { url } = await openGate();
    const { port } = new URL(url);
    const { url: back } = await startServer((request, response) => {
      const again = httpRequest(
        { host: "127.0.0.1", port, path: "/svc/loop/", headers: { via: String(request.headers.via) } },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500);
          answer.pipe(response);
        },
      );
      again.end();
    });
    await ask(`${url}/register`, { name: "loop", service: back });
    const response = await fetch(`${url}/svc/loop/`);
    expect([response.status, await response.text()]).toEqual([508, expect.stringContaining("points back at it")]);
  });

  test.each(["ftp://10.0.0.7/", "calc:8080", "file:///etc/passwd", "http://user:pass@host/", "javascript:1"])(
    "cannot be registered as %s",
    async (service) => {
      const { url } = await openGate();
      expect(await ask(`${url}/register`, { name: "odd", service })).toMatchObject({ status: 400, body: { error: "invalid_argument" } });
      expect((await fetch(`${url}/svc/odd/`)).status).toBe(404);
    },
  );

  test("is not bound by the default timeout as long as bytes come, but by one that its route names", async () => {
    const clock = new ManualClock();
    const { url } = await openGate({}, { routes: { "quick.*": { timeout: "90s" } } }, { clock });
    let write = (_text: string): void => {};
    const { url: slow } = await startServer((_request, response) => {
      response.writeHead(200);
      write = (text) => response.write(text);
      write("begun");
    });
    await ask(`${url}/register`, { name: "slow", service: slow, keepalive_time: 86_400 });
    await ask(`${url}/register`, { name: "quick", service: slow, keepalive_time: 86_400 });
    const reader = (await fetch(`${url}/svc/slow/`)).body!.getReader();
    const heard = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
    expect(await heard()).toBe("begun");
    clock.advance(100_000);
    write("more");
    expect(await heard()).toBe("more");
    await reader.cancel();
    const bound = (await fetch(`${url}/svc/quick/`)).body!.getReader();
    await bound.read();
    clock.advance(100_000);
    await expect(bound.read()).rejects.toThrow();
  });

  test("takes a body from a caller whose time for other requests is over", async () => {
    const { url } = await openGate({ requestTimeout: "100ms" });
    const { url: sink } = await startServer(async (request, response) => response.end(String((await bodyOf(request)).length)));
    await ask(`${url}/register`, { name: "sink", service: sink });
    const head = "POST /svc/sink/ HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n";
    const { text } = await exchange(Number(new URL(url).port), [head, ...Array.from({ length: 7 }, () => "x".repeat(10_000))]);
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*70000$/);
  });
});
