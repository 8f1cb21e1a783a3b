import fc from "fast-check";
import { roundRobin } from "unigate";
import { expect, it } from "vitest";
import { placement, TestEndpoint } from "../../exercise/strategy.ts";

it("takes turns in the order of joining, and a newcomer has its turn after those who were there", () => {
  const endpoints = ["a", "b"].map((id) => new TestEndpoint(id));
  const balancer = roundRobin().createBalancer();
  const next = (): string | undefined => balancer.pick(endpoints, placement())?.id;
  expect([next(), next(), next()]).toEqual(["a", "b", "a"]);
  endpoints.push(new TestEndpoint("c"));
  expect([next(), next(), next()]).toEqual(["b", "c", "a"]);
});

it("goes on with the next one when the endpoint of the last turn has left", () => {
  const endpoints = ["a", "b", "c", "d"].map((id) => new TestEndpoint(id));
  const balancer = roundRobin().createBalancer();
  const next = (): string | undefined => balancer.pick(endpoints, placement())?.id;
  expect([next(), next()]).toEqual(["a", "b"]);
  endpoints.splice(1, 1);
  expect([next(), next(), next()]).toEqual(["c", "d", "a"]);
});

it("reaches whoever stays available before anyone has two turns, however the others come and go", () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(fc.nat({ max: 5 })), { maxLength: 60 }), fc.nat({ max: 5 }), (lists, constant) => {
      const all = Array.from({ length: 6 }, (_, at) => new TestEndpoint(`e${at}`));
      const balancer = roundRobin().createBalancer();
      const turnsOf = new Map<TestEndpoint, number>();
      for (const list of lists) {
        const available = all.filter((_, at) => at === constant || list.includes(at));
        const picked = balancer.pick(available, placement())!;
        if (picked === all[constant]) turnsOf.clear();
        else {
          turnsOf.set(picked, (turnsOf.get(picked) ?? 0) + 1);
          expect(turnsOf.get(picked)).toBe(1);
        }
      }
    }),
  );
});
