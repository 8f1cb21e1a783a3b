import fc from "fast-check";
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

it("precedence follows from the patterns, not from the order in which a config writes them", () => {
  const patterns = ["*", "a.*", "a.b.*", "a.b.c", "b.*"];
  const label = fc.constantFrom("a", "b", "c");
  const target = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
  fc.assert(
    fc.property(fc.shuffledSubarray(patterns, { minLength: 0 }), target, (some, wanted) => {
      const shuffled = new RouteTable(
        some.map((pattern) => makeRoute({ pattern })),
        makeRoute({ pattern: "built in" }),
      );
      const naive = some
        .filter((pattern) => pattern === "*" || pattern === wanted || (pattern.endsWith(".*") && wanted.startsWith(pattern.slice(0, -1))))
        .toSorted((one, other) => Number(other === wanted) - Number(one === wanted) || other.length - one.length);
      expect(shuffled.match(wanted).pattern).toBe(naive[0] ?? "built in");
    }),
  );
});

it("a prefix ends at a dot", () => {
  expect(table.match("ab.c").pattern).toBe("*");
});

it("without a route for everything, what the gate brings along holds", () => {
  const empty = new RouteTable([], makeRoute({ pattern: "built in" }));
  expect([empty.match("a.b").pattern, empty.routes]).toEqual(["built in", []]);
});

it("only a target that a route names in full is known before a worker serves it", () => {
  expect(["a.b.c", "x.y", "a.b.d", "a.z", "q"].filter((target) => table.isNamed(target))).toEqual(["a.b.c", "x.y"]);
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
