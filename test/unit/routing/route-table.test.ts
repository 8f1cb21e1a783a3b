import { expect, it } from "vitest";
import { isPattern, RouteTable } from "../../../src/routing/route-table.ts";
import { makeRoute } from "../../support/dispatch-bench.ts";

const table = new RouteTable(
  ["*", "a.*", "a.b.*", "a.b.c", "x.y"].map((pattern) => makeRoute({ pattern })),
  makeRoute({ pattern: "built in" }),
);

it("an exact pattern beats the longest prefix, which beats *", () => {
  const matches = ["a.b.c", "a.b.d", "a.z", "x.y", "x.z", "q"].map((target) => table.match(target).pattern);
  expect(matches).toEqual(["a.b.c", "a.b.*", "a.*", "x.y", "*", "*"]);
});

it("a prefix ends at a dot", () => {
  expect(table.match("ab.c").pattern).toBe("*");
});

it("routes are listed from the most specific", () => {
  expect(table.routes.map(({ pattern }) => pattern)).toEqual(["a.b.c", "x.y", "a.b.*", "a.*", "*"]);
});

it("explain tells every pattern that was tried", () => {
  expect(table.explain("a.b.d")).toEqual([
    { pattern: "a.b.d", isConfigured: false },
    { pattern: "a.b.*", isConfigured: true },
    { pattern: "a.*", isConfigured: true },
    { pattern: "*", isConfigured: true },
  ]);
});

it.each(["*", "a.*", "a.b.*", "a.b"])("%s is a pattern", (pattern) => expect(isPattern(pattern)).toBe(true));
it.each(["", "a", "*.b", "a.*.c", "a b.c", ".*", "a..b"])("%j is none", (pattern) => expect(isPattern(pattern)).toBe(false));
