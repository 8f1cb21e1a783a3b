import { http, type ProxyRoute } from "unigate/http";
import { expect, test } from "vitest";

const faultsOf = (proxy: unknown): string[] =>
  (http({ proxy: proxy as ProxyRoute[] }).check?.() ?? []).map(({ path, problem }) => `${path}: ${problem}`);

test("every mistake of the proxied routes is told at once, each with its place", () => {
  const faults = faultsOf([
    { path: "users/*", to: "localhost:3000", retrys: 1 },
    { path: "/a/*/b", methods: ["GET", "BREW"], to: [], headers: { "bad name": "1" }, timeout: "soon" },
    { path: "/b/*", to: [{ url: "http://b", weight: 0 }], health: { failures: 0, path: "up" }, name: "a b" },
    "nothing",
  ]);
  expect(faults).toEqual([
    "proxy[0].retrys: is not a known key",
    "proxy[0].path: is not a path",
    'proxy[0].to: "localhost:3000" is not an http URL',
    "proxy[1].path: is not a path",
    'proxy[1].methods: "BREW" is not a method',
    "proxy[1].to: names no server",
    "proxy[1].headers: is not an object of texts",
    "proxy[1].timeout: is not a duration",
    "proxy[2].to[0].weight: is not a number above zero",
    "proxy[2].name: is not a name",
    "proxy[2].health.path: is not a path",
    "proxy[2].health.failures: is not a whole number above zero",
    "proxy[3]: is not an object",
  ]);
});

test("two routes may share a path when their methods differ, and only then", () => {
  const route = (methods?: string[]): object => ({ path: "/a/:x", to: "http://a", ...(methods === undefined ? {} : { methods }) });
  expect(faultsOf([route(["GET"]), route(["POST"])])).toEqual([]);
  expect(faultsOf([route(["GET"]), { ...route(["get"]), path: "/a/:y" }])).toEqual(["proxy[1].path: is that of proxy[0] too"]);
});
