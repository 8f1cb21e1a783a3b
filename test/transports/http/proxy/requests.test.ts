import { request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { exchange } from "../../../support/http-door.ts";
import { bodyOf, startServer } from "../../../support/http-server.ts";
import { freePort } from "../../../support/processes.ts";
import { openGate, openProxied } from "./proxy-world.ts";

/** What the server behind the gate saw. */
interface Seen {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

const tell: Parameters<typeof openProxied>[0] = async (request, response) => {
  const body = (await bodyOf(request)).toString();
  response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
};

const seenAt = async (url: string, init?: RequestInit): Promise<Seen> => (await fetch(url, init)).json() as Promise<Seen>;

test("a proxied request arrives with its path, query and body, and the server learns who asked", async () => {
  const { url, port } = await openProxied(tell, { path: "/users/*" });
  const seen = await seenAt(`${url}/users/7?x=a%20b`, { method: "PUT", body: "hello", headers: { "x-own": "1" } });
  expect(seen).toMatchObject({ method: "PUT", url: "/users/7?x=a%20b", body: "hello" });
  expect(seen.headers).toMatchObject({
    "x-own": "1",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": `127.0.0.1:${port}`,
    forwarded: `for=127.0.0.1;host="127.0.0.1:${port}";proto=http`,
    via: expect.stringMatching(/^1\.1 gate-/),
  });
});

test("what a caller says of itself is believed only of proxies that the config trusts", async () => {
  const headers = { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https", "x-real-ip": "1.2.3.4", forwarded: "for=1.2.3.4" };
  const open = await openProxied(tell);
  expect((await seenAt(open.url, { headers })).headers).toMatchObject({ "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http" });
  expect((await seenAt(open.url, { headers })).headers["x-real-ip"]).toBeUndefined();
  const trusting = await openProxied(tell, {}, { trustProxy: "127.0.0.0/8" });
  expect((await seenAt(trusting.url, { headers })).headers).toMatchObject({
    "x-forwarded-for": "1.2.3.4, 127.0.0.1",
    "x-forwarded-proto": "https",
    forwarded: expect.stringMatching(/^for=1\.2\.3\.4, for=127\.0\.0\.1;/),
  });
});

test("headers of the hop stop at the gate, those that Connection names too", async () => {
  const { port, url } = await openProxied(tell);
  const raw =
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nProxy-Authorization: x\r\nKeep-Alive: 5\r\n\r\n";
  const { text } = await exchange(port, raw);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(text).not.toMatch(/x-hop|"te"|proxy-authorization|"keep-alive":/);
  expect(url).toContain("http");
});

test("a route may rewrite the path and set, replace or leave out headers", async () => {
  const { url } = await openProxied(tell, {
    path: "/users/:id/files/*",
    rewrite: "/v2/*/of/:id",
    headers: { "x-key": "secret", "User-Agent": null, host: "own.example" },
  });
  const seen = await seenAt(`${url}/users/a%2Fb/files/x/%C3%A4?q=1`, { headers: { "x-key": "forged" } });
  expect(seen.url).toBe("/v2/x/%C3%A4/of/a%2Fb?q=1");
  expect(seen.headers).toMatchObject({ "x-key": "secret", host: "own.example" });
  expect(seen.headers["user-agent"]).toBeUndefined();
});

test("the most specific route holds, a method without a route is not proxied, and the gate's own paths stay its own", async () => {
  const [users, rest] = await Promise.all([startServer((_q, r) => r.end("users")), startServer((_q, r) => r.end("rest"))]);
  const { url } = await openGate({
    proxy: [
      { path: "/*", to: rest.url, methods: "get" },
      { path: "/users/*", to: users.url, methods: ["GET", "POST"] },
    ],
  });
  const text = async (path: string, method = "GET"): Promise<string> => (await fetch(url + path, { method })).text();
  expect([await text("/users/1"), await text("/users/1", "POST"), await text("/other")]).toEqual(["users", "users", "rest"]);
  expect((await fetch(`${url}/other`, { method: "POST" })).status).toBe(404);
  expect(JSON.parse(await text("/health"))).toEqual({ status: "ok" });
});

test.each([
  "/users/../admin",
  "/users/%2e%2e/admin",
  "/users/.%2E/admin",
  "/users/..%2fadmin",
  "/users/..%5cadmin",
  "/users/..\\admin",
  "/users/..;/admin",
  "/users/x/..",
])("a path that climbs out of its route is refused: %s", async (path) => {
  let isAsked = false;
  const { port } = await openProxied((_request, response) => ((isAsked = true), response.end()), { path: "/users/*" });
  const { text } = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(isAsked).toBe(false);
});

test.each(["/a..b/...", "/%2e/x", "/a%2Fb", "/%FF%00", "/~!$&'()*+,;=:@", "//a//b", "/?../..", "/%252e%252e/x"])(
  "odd bytes in a path arrive as they were sent: %s",
  async (path) => {
    const { port } = await openProxied((request, response) => response.end(Buffer.from(`<${request.url}>`, "latin1")));
    const { text } = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(text).toContain(`<${path}>`);
  },
);

test.each([
  ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
  ["a length beside chunks", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["chunks that are not last", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"],
  ["a length that is no number", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"],
  ["a space before the colon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc"],
  ["a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX-Own: 1\r\n folded\r\n\r\n"],
  ["two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
  ["no host", "GET / HTTP/1.1\r\n\r\n"],
])("a request that two servers could read differently is refused: %s", async (_what, raw) => {
  let isAsked = false;
  const { port } = await openProxied((_request, response) => ((isAsked = true), response.end()));
  const { text } = await exchange(port, raw, 200);
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(isAsked).toBe(false);
});

test("a head that is too large is answered with 431", async () => {
  const { port } = await openProxied(tell);
  expect((await exchange(port, `GET / HTTP/1.1\r\nHost: a\r\nX-Big: ${"x".repeat(20_000)}\r\n\r\n`)).text).toMatch(/^HTTP\/1\.1 431 /);
  expect((await exchange(port, `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`)).text).toMatch(/^HTTP\/1\.1 (414|431) /);
});

test("a request that comes back to its gate, at once or through another one, is answered with 508", async () => {
  const [first, second] = [await freePort(), await freePort()];
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  await openGate({
    port: first,
    proxy: [
      { path: "/self/*", to: at(first) },
      { path: "/ring/*", to: at(second) },
    ],
  });
  await openGate({ port: second, proxy: [{ path: "/ring/*", to: at(first) }] });
  expect([(await fetch(`${at(first)}/self/x`)).status, (await fetch(`${at(first)}/ring/x`)).status]).toEqual([508, 508]);
});

test("a body that stops coming is given up, and its server is free again", async () => {
  let isGone = false;
  const { port } = await openProxied(
    (request) => {
      request.on("error", () => {});
      request.on("close", () => (isGone = true));
    },
    {},
    { requestTimeout: 200 },
  );
  const { text, isClosed } = await exchange(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhalf", 3000);
  expect([text.split(" ")[1], isClosed]).toEqual(["408", true]);
  await eventuallyTrue("the server is free", () => isGone);
});

test("a head that never ends is given up", async () => {
  const { port } = await openProxied(tell, {}, { requestTimeout: 200 });
  expect((await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ", 3000)).text).toMatch(/^HTTP\/1\.1 408 /);
});

test("an upload is asked for with 100 Continue", async () => {
  const { port } = await openProxied(tell);
  const answer = await new Promise<string>((resolve, reject) => {
    const request = httpRequest({ port, method: "POST", headers: { expect: "100-continue", "content-length": "5" } });
    request.on("continue", () => request.end("hello"));
    request.on("error", reject);
    request.on("response", (response) => void bodyOf(response).then((body) => resolve((JSON.parse(body.toString()) as Seen).body)));
  });
  expect(answer).toBe("hello");
});
