import fc from "fast-check";
import { weightedRoundRobin } from "unigate";
import { expect, it } from "vitest";
import { placement, TestEndpoint } from "../../exercise/strategy.ts";

function pickMany(endpoints: TestEndpoint[], count: number): (string | undefined)[] {
  const balancer = weightedRoundRobin().createBalancer();
  return Array.from({ length: count }, () => balancer.pick(endpoints, placement())?.id);
}

it("spreads 5:1:1 without bursts, in the order that nginx documents", () => {
  const endpoints = [new TestEndpoint("a", 5), new TestEndpoint("b"), new TestEndpoint("c")];
  expect(pickMany(endpoints, 14).join("")).toBe("aabacaaaabacaa");
});

it("gives every endpoint exactly its weight over a cycle, whatever the weights", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), (weights) => {
      const endpoints = weights.map((weight, at) => new TestEndpoint(`e${at}`, weight));
      const picks = pickMany(
        endpoints,
        weights.reduce((sum, weight) => sum + weight, 0),
      );
      for (const [at, weight] of weights.entries()) expect(picks.filter((id) => id === `e${at}`)).toHaveLength(weight);
    }),
  );
});

it("takes weights that are no whole numbers", () => {
  const picks = pickMany([new TestEndpoint("a", 0.5), new TestEndpoint("b", 0.25)], 300);
  expect(picks.filter((id) => id === "a")).toHaveLength(200);
});

it("follows a worker that declares another weight", () => {
  const [a, b] = [new TestEndpoint("a"), new TestEndpoint("b")];
  const balancer = weightedRoundRobin().createBalancer();
  const share = (): number => Array.from({ length: 400 }, () => balancer.pick([a, b], placement())).filter((one) => one === a).length;
  expect(share()).toBe(200);
  a.weight = 3;
  expect(share()).toBe(300);
});
