import { fifo, leastConnections, version } from "unigate";
import { expect, it } from "vitest";
import { placement, TestEndpoint } from "../../exercise/strategy.ts";

const success = { durationMs: 1, code: undefined };

it("prefers its version and falls back to the others", () => {
  const [one, two] = [new TestEndpoint("one", 1, "v1"), new TestEndpoint("two", 1, "v2")];
  const balancer = version({ prefer: "v2" }).createBalancer();
  expect(balancer.pick([one, two], placement())).toBe(two);
  expect(balancer.pick([one], placement())).toBe(one);
});

it("takes workers that name no version for others", () => {
  const [plain, two] = [new TestEndpoint("plain"), new TestEndpoint("two", 1, "v2")];
  const balancer = version({ prefer: "v2" }).createBalancer();
  expect(balancer.pick([plain, two], placement())).toBe(two);
  expect(balancer.pick([plain], placement())).toBe(plain);
});

it("spreads jobs within a version as the inner strategy says, in turns by default", () => {
  const endpoints = ["a", "b", "c"].map((id) => new TestEndpoint(id, 1, id === "b" ? "v1" : "v2"));
  const balancer = version({ prefer: "v2" }).createBalancer();
  expect(Array.from({ length: 4 }, () => balancer.pick(endpoints, placement())?.id).join("")).toBe("acac");
  endpoints[0]!.inFlight = 5;
  const least = version({ prefer: "v2", strategy: leastConnections() }).createBalancer();
  expect(Array.from({ length: 2 }, () => least.pick(endpoints, placement())?.id).join("")).toBe("cc");
});

it("lets a job run on another version rather than wait when the inner strategy finds no place in the preferred one", () => {
  const [one, two] = [new TestEndpoint("one", 1, "v1"), new TestEndpoint("two", 1, "v2")];
  const balancer = version({ prefer: "v2", strategy: fifo() }).createBalancer();
  expect([1, 2, 3].map(() => balancer.pick([one, two], placement())?.id)).toEqual(["two", "one", undefined]);
});

it("settles a worker that declared another version while it ran a job", () => {
  const only = new TestEndpoint("only", 1, "v1");
  const balancer = version({ prefer: "v2", strategy: fifo() }).createBalancer();
  expect(balancer.pick([only], placement())).toBe(only);
  only.version = "v2";
  expect(balancer.pick([only], placement())).toBeUndefined();
  balancer.settled?.(only, success);
  expect(balancer.pick([only], placement())).toBe(only);
});
