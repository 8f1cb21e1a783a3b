import { leastConnections } from "unigate";
import { expect, it } from "vitest";
import { placement, TestEndpoint } from "../../exercise/strategy.ts";

function busy(id: string, inFlight: number, weight = 1, capacity = 10): TestEndpoint {
  return Object.assign(new TestEndpoint(id, weight), { inFlight, capacity });
}

it("takes the endpoint with the fewest jobs in flight", () => {
  expect(
    leastConnections()
      .createBalancer()
      .pick([busy("a", 3), busy("b", 1), busy("c", 2)], placement())?.id,
  ).toBe("b");
});

it("lets equals take turns, and starts anew behind the last one taken", () => {
  const endpoints = [busy("a", 1), busy("b", 0), busy("c", 0), busy("d", 0)];
  const balancer = leastConnections().createBalancer();
  expect(Array.from({ length: 6 }, () => balancer.pick(endpoints, placement())?.id).join("")).toBe("bcdbcd");
});

it("counts jobs for their worker's weight: two on a worker of weight 3 are fewer than one on a worker of weight 1", () => {
  expect(
    leastConnections()
      .createBalancer()
      .pick([busy("light", 1, 1), busy("heavy", 2, 3)], placement())?.id,
  ).toBe("heavy");
});

it("does not count capacity: a large one is no reason to get more", () => {
  expect(
    leastConnections()
      .createBalancer()
      .pick([busy("large", 2, 1, 1000), busy("small", 1, 1, 2)], placement())?.id,
  ).toBe("small");
});

it("keeps the counts of equal endpoints within one of each other while jobs pile up", () => {
  const endpoints = Array.from({ length: 7 }, (_, at) => busy(`e${at}`, 0, 1, 1000));
  const balancer = leastConnections().createBalancer();
  for (let job = 0; job < 500; job++) {
    balancer.pick(endpoints, placement())!.inFlight++;
    const counts = endpoints.map(({ inFlight }) => inFlight);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});
