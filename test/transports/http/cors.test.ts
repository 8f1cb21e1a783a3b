import { defineService, reply } from "unigate";
import { describe, expect, it } from "vitest";
import { openHttpDoor } from "../../support/http-door.ts";

const service = defineService("c", {
  ok: () => reply(1, { headers: { vary: "accept" } }),
  plain: () => 1,
});
const ask = (url: string, target: string, origin: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/call/${target}`, { method: "POST", ...init, headers: { origin, ...init.headers } });
const preflight = { method: "OPTIONS", headers: { "access-control-request-method": "POST", "access-control-request-headers": "x-a" } };

describe("a page of another origin", () => {
  it("gets nothing unless the config allows it", async () => {
    const { url } = await openHttpDoor(service);
    const response = await ask(url, "c.plain", "https://app.example");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect((await ask(url, "c.plain", "https://app.example", preflight)).headers.get("access-control-allow-methods")).toBeNull();
  });

  it("that is listed may call, read the ids and send its headers; one that is not may not", async () => {
    const { url } = await openHttpDoor(service, { http: { cors: { origin: ["https://app.example", "https://b.example"] } } });
    const response = await ask(url, "c.plain", "https://app.example");
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(response.headers.get("access-control-expose-headers")).toContain("x-request-id");
    expect(response.headers.get("vary")).toBe("origin");
    const asked = await ask(url, "c.plain", "https://app.example", preflight);
    expect([asked.status, asked.headers.get("access-control-allow-methods"), asked.headers.get("access-control-allow-headers")]).toEqual([
      204,
      "POST",
      "x-a",
    ]);
    const stranger = await ask(url, "c.plain", "https://evil.example");
    expect([stranger.headers.get("access-control-allow-origin"), stranger.headers.get("vary")]).toEqual([null, "origin"]);
    const refused = await ask(url, "c.plain", "https://evil.example", preflight);
    expect(refused.headers.get("access-control-allow-methods")).toBeNull();
  });

  it("can read errors and the gate's own pages too", async () => {
    const { url } = await openHttpDoor(service, { http: { cors: { origin: true } } });
    for (const path of ["/health", "/nowhere", "/call/c.none"]) {
      const response = await fetch(url + path, { method: path === "/call/c.none" ? "POST" : "GET", headers: { origin: "https://any" } });
      expect([path, response.headers.get("access-control-allow-origin")]).toEqual([path, "*"]);
    }
  });

  it("leaves a cache no room for a mistake: a worker's Vary is kept beside ours", async () => {
    const { url } = await openHttpDoor(service, { http: { cors: { origin: "https://app.example" } } });
    expect((await ask(url, "c.ok", "https://app.example")).headers.get("vary")).toBe("origin, accept");
  });
});
