import { GateError } from "unigate";
import { createGate } from "unigate/gate";
import { http } from "unigate/http";
import type { PluginHooks, Plugin, PluginPage } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { open } from "./http-world.ts";

const key = "a-key-of-the-tests-1";

function pages(page: PluginHooks["page"], ...pages: PluginPage[]): Plugin {
  return { name: "pages", pages, start: () => (page === undefined ? {} : { page }) };
}

const hello = pages(() => ({ contentType: "text/plain; version=1", body: "hello" }), { path: "/hello" });

describe("a page of a plugin", () => {
  it("is at its path under the prefix of the gate's own pages, for GET and HEAD only", async () => {
    const { url } = await open({ plugins: [hello] }, { control: "/_gate" });
    const page = await fetch(`${url}/_gate/hello?x=1`);
    expect([page.status, page.headers.get("content-type"), await page.text()]).toEqual([200, "text/plain; version=1", "hello"]);
    const head = await fetch(`${url}/_gate/hello`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "5", ""]);
    const post = await fetch(`${url}/_gate/hello`, { method: "POST" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET"]);
    expect((await fetch(`${url}/hello`)).status).toBe(404);
  });

  it("wants a key where the gate has keys, unless it is public", async () => {
    const both = pages((path) => ({ contentType: "text/plain", body: path }), { path: "/closed" }, { path: "/open", isPublic: true });
    const gate = createGate({ settle: 0, keys: [key], transports: [http({ port: 0 })], plugins: [both] });
    await gate.start();
    const { url } = gate.addresses[0]!;
    try {
      expect((await fetch(`${url}/closed`)).status).toBe(401);
      expect((await fetch(`${url}/closed`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
      expect(await (await fetch(`${url}/open`)).text()).toBe("/open");
    } finally {
      await gate.close();
    }
  });

  it("that cannot be made answers with the error's status", async () => {
    const broken = pages(
      (path) => {
        throw path === "/busy" ? new GateError("unavailable", "not yet") : new TypeError("a bug");
      },
      { path: "/busy" },
      { path: "/bug" },
    );
    const { url } = await open({ plugins: [broken] });
    expect((await fetch(`${url}/busy`)).status).toBe(503);
    expect((await fetch(`${url}/bug`)).status).toBe(500);
  });

  it("takes its path from bindings, as the gate's own pages do", async () => {
    const { gate, url } = await open({ routes: { "t.value": { http: "GET /hello" } } });
    expect(await (await fetch(`${url}/hello`)).text()).not.toBe("hello");
    const settings = { settle: 0, transports: [http({ port: 0 })], routes: { "t.value": { http: "GET /hello" } } };
    await gate.reload({ ...settings, plugins: [hello] });
    expect(await (await fetch(`${url}/hello`)).text()).toBe("hello");
  });

  it("must not be one of the gate's own, nor one of another plugin", () => {
    const make = (plugins: Plugin[]) => () => createGate({ transports: [http()], plugins });
    expect(make([pages(undefined, { path: "/health" })])).toThrow("plugins[0].pages: /health is a page of the transport http; give");
    expect(make([hello, hello])).toThrow("plugins[1].pages: /hello is taken by pages, plugins[0]; give");
    expect(make([pages(undefined, { path: "hello" })])).toThrow('plugins[0].pages: "hello" is not a path of plain segments; give');
    expect(make([{} as Plugin])).toThrow("plugins[0]: is not a plugin; import one");
  });
});
