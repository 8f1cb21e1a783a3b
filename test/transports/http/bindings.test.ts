import { currentJob, defineService, method, type ServiceDefinition } from "unigate";
import { createGate } from "unigate/gate";
import { http } from "unigate/http";
import { describe, expect, it } from "vitest";
import { openHttpDoor } from "../../support/http-door.ts";

const bound = (http: string | string[]) =>
  defineService("s", {
    m: method({ http }, () => ({ params: currentJob().http?.params, binding: currentJob().metadata.get(":binding") })),
  });

describe("a method's bindings", () => {
  it.each([
    ["differ only in the names of parameters", ["GET /d/:id", "GET /d/:name"], "/d/1", { id: "1" }],
    ["differ only in a slash at the end", ["GET /d", "GET /d/"], "/d", {}],
    ["are the same twice", ["GET /d", "GET /d"], "/d/", {}],
  ])("may be such that they %s: the first one holds, and the gate lives", async (_how, http, path, params) => {
    const { url } = await openHttpDoor(bound(http));
    expect(await (await fetch(url + path)).json()).toMatchObject({ params });
  });

  it("may stand in the config and in the worker at once", async () => {
    const { url } = await openHttpDoor(bound("GET /d"), { config: { routes: { "s.m": { http: "GET /d" } } } });
    expect((await fetch(`${url}/d`)).status).toBe(200);
  });

  it.each(["GET /d/:id(^(a+)+$)", "GET /d/:x(", "GET /d/*/x", "GET d", "get /d", "FETCH /d", "GET /d/:", "GET /d?x=1"])(
    "are refused with a remedy when malformed, as %s is",
    async (http) => {
      const { join } = await openHttpDoor(defineService("t", { x: () => 1 }));
      await expect(join(bound(http))).rejects.toMatchObject({ message: expect.stringContaining("is malformed; write") });
    },
  );

  it("of a config are checked with it: malformed ones, those on one path, and those on a page of the gate, all at once", () => {
    const routes: Record<string, { http: string | string[] }> = {
      "s.a": { http: ["GET /x/:a(", "GET /d/:id"] },
      "s.b": { http: "GET /d/:name/" },
      "s.c": { http: ["POST /d/:name", "GET /health"] },
    };
    const faults = (options: Parameters<typeof http>[0]): string => {
      try {
        createGate({ transports: [http(options)], routes: routes });
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(faults({})).toBe(
      [
        "the config has 3 faults:",
        '  routes["s.a"].http[0]: is not a binding; write "POST /path/:param"',
        '  routes["s.b"].http: "GET /d/:name/" is bound to s.a too; give one of them another path',
        '  transports[0].control: keeps /health for the gate\'s own pages, and s.c is bound to "GET /health"; bind another path, or move the pages with control: "/_gate"',
      ].join("\n"),
    );
    expect(faults({ control: "/_gate" })).toContain("has 2 faults");
  });

  it("in one declaration name both methods that want one path, and may share it under different HTTP methods", async () => {
    const { url, join } = await openHttpDoor(bound("GET /d"));
    const twice = (second: string): ServiceDefinition =>
      defineService("two", { read: method({ http: "GET /n/:id" }, () => "read"), write: method({ http: second }, () => "written") });
    await expect(join(twice("GET /n/:key"))).rejects.toMatchObject({
      code: "already_exists",
      message: 'two.write: http binding "GET /n/:key" is taken by two.read; choose another path',
    });
    await join(twice("PUT /n/:key"));
    await expect.poll(async () => (await fetch(`${url}/n/1`, { method: "PUT" })).json()).toBe("written");
    expect(await (await fetch(`${url}/n/1`)).json()).toBe("read");
  });

  it("name both sides when two targets want one path", async () => {
    const { join } = await openHttpDoor(bound("GET /d/:id"));
    const other = defineService("other", { n: method({ http: "GET /d/:key/" }, () => 1) });
    await expect(join(other)).rejects.toMatchObject({
      message: 'other.n: http binding "GET /d/:key/" is taken by s.m; choose another path',
    });
  });

  it("are free for others when their last worker has gone, and wait for it to return until then", async () => {
    const { url, join, worker } = await openHttpDoor(bound("GET /d/:id"), { config: { routes: { "*": { waitForWorker: 50 } } } });
    await worker.close();
    expect((await fetch(`${url}/d/1`)).status).toBe(503);
    await join(defineService("other", { n: method({ http: "GET /d/:key" }, () => "taken over") }));
    await expect.poll(async () => (await fetch(`${url}/d/1`)).json()).toBe("taken over");
    await expect(join(bound("GET /d/:id"))).rejects.toMatchObject({ message: expect.stringContaining("is taken by other.n") });
  });

  it("of the config stay while no worker is there", async () => {
    const { join, worker } = await openHttpDoor(defineService("s", { m: () => 1 }), { config: { routes: { "s.m": { http: "GET /d" } } } });
    await worker.close();
    const other = defineService("other", { n: method({ http: "GET /d" }, () => 1) });
    await expect(join(other)).rejects.toMatchObject({ message: expect.stringContaining("is taken by s.m") });
  });

  it("follow the workers: a new path answers once its worker has joined, and the others go on", async () => {
    const { url, join } = await openHttpDoor(bound("GET /d"));
    expect((await fetch(`${url}/late`)).status).toBe(404);
    await join(defineService("late", { m: method({ http: "GET /late" }, () => "here") }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await (await fetch(`${url}/late`)).json()).toBe("here");
    expect((await fetch(`${url}/d`)).status).toBe(200);
  });
});

describe("a bound path", () => {
  it("takes long, encoded and odd parameters as they are", async () => {
    const { url } = await openHttpDoor(bound(["GET /d/:id", "GET /files/*", "GET /p/:__proto__"]));
    const params = async (path: string): Promise<unknown> => ((await (await fetch(url + path)).json()) as { params: unknown }).params;
    expect(await params(`/d/${"x".repeat(4000)}`)).toEqual({ id: "x".repeat(4000) });
    expect(await params("/d/a%2Fb%20%C3%A9")).toEqual({ id: "a/b é" });
    expect(await params("/files/a/b/c.txt?q=1")).toEqual({ "*": "a/b/c.txt" });
    expect(JSON.stringify(await params("/p/x"))).toBe('{"__proto__":"x"}');
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
  });

  it("tells its worker which binding was used", async () => {
    const { url } = await openHttpDoor(bound("GET /d/:id"));
    expect(await (await fetch(`${url}/d/1?x=2`)).json()).toMatchObject({ binding: "GET /d/:id" });
  });

  it("answers OPTIONS with 204 and Allow, and a method that it lacks with 405 and Allow", async () => {
    const { url } = await openHttpDoor(bound(["GET /d", "PUT /d"]));
    const options = await fetch(`${url}/d`, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, PUT"]);
    const wrong = await fetch(`${url}/d`, { method: "PATCH" });
    expect([wrong.status, wrong.headers.get("allow"), wrong.headers.get("content-type")]).toEqual([
      405,
      "GET, PUT",
      "application/problem+json",
    ]);
  });
});

describe("the gate's own paths", () => {
  it("answer 405 with Allow to another method, and HEAD like GET", async () => {
    const { url } = await openHttpDoor(bound("GET /d"));
    const call = await fetch(`${url}/call/s.m`);
    expect([call.status, call.headers.get("allow")]).toEqual([405, "POST"]);
    const health = await fetch(`${url}/health`, { method: "POST" });
    expect([health.status, health.headers.get("allow")]).toEqual([405, "GET"]);
    expect((await fetch(`${url}/health`, { method: "HEAD" })).status).toBe(200);
  });

  it("begin with a front page that tells where to go, unless a worker binds it", async () => {
    const { url, join } = await openHttpDoor(bound("GET /d"));
    expect(await (await fetch(url)).json()).toMatchObject({
      call: "POST /call/Service.method",
      pages: expect.arrayContaining(["/services"]),
    });
    await join(defineService("site", { home: method({ http: "GET /" }, () => "home") }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await (await fetch(url)).json()).toBe("home");
  });

  it("move as a whole, and leave their old places to workers", async () => {
    const own = bound(["GET /info", "POST /call/x", "GET /"]);
    const { url } = await openHttpDoor(own, { http: { control: "/_gate" } });
    expect(await (await fetch(`${url}/info`)).json()).toMatchObject({ binding: "GET /info" });
    expect(await (await fetch(`${url}/_gate/info`)).json()).toMatchObject({ state: "ready" });
    expect(await (await fetch(`${url}/_gate`)).json()).toMatchObject({ call: "POST /_gate/call/Service.method" });
    expect((await fetch(`${url}/_gate/call/s.m`, { method: "POST" })).status).toBe(200);
    expect((await fetch(`${url}/_gate/call/s.m`)).status).toBe(405);
  });
});
