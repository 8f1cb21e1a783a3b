import { leastConnections, p2c, random, roundRobin, type Strategy } from "unigate";
import { seededRandom } from "unigate/transport";
import { expect, it } from "vitest";
import { placement, TestEndpoint } from "../../exercise/strategy.ts";
import { ManualClock } from "../../support/manual-clock.ts";

it("keeps away from a slow endpoint, and comes back to it when the memory has faded", () => {
  const clock = new ManualClock();
  const endpoints = [new TestEndpoint("slow"), new TestEndpoint("fast")];
  const balancer = p2c({ random: seededRandom(1), clock }).createBalancer();
  balancer.settled?.(endpoints[0]!, { durationMs: 1000, code: undefined });
  balancer.settled?.(endpoints[1]!, { durationMs: 10, code: undefined });
  const share = (): number =>
    Array.from({ length: 200 }, () => balancer.pick(endpoints, placement())).filter((one) => one?.id === "slow").length;
  expect(share()).toBe(0);
  clock.advance(200_000);
  balancer.settled?.(endpoints[1]!, { durationMs: 10, code: undefined });
  expect(share()).toBe(200);
});

it.each(["unavailable", "resource_exhausted", "internal", "unknown"] as const)(
  "does not find an endpoint attractive for failing fast as %s",
  (code) => {
    const endpoints = [new TestEndpoint("broken"), new TestEndpoint("good")];
    const balancer = p2c({ random: seededRandom(1), clock: new ManualClock() }).createBalancer();
    balancer.settled?.(endpoints[0]!, { durationMs: 1, code });
    balancer.settled?.(endpoints[1]!, { durationMs: 50, code: undefined });
    expect(balancer.pick(endpoints, placement())?.id).toBe("good");
  },
);

it.each(["invalid_argument", "not_found", "cancelled", "permission_denied"] as const)(
  "does not blame an endpoint for %s, which is the caller's",
  (code) => {
    const endpoints = [new TestEndpoint("honest"), new TestEndpoint("slower")];
    const balancer = p2c({ random: seededRandom(1), clock: new ManualClock() }).createBalancer();
    balancer.settled?.(endpoints[0]!, { durationMs: 1, code });
    balancer.settled?.(endpoints[1]!, { durationMs: 50, code: undefined });
    expect(balancer.pick(endpoints, placement())?.id).toBe("honest");
  },
);

it("tries a new endpoint soon, but not with everything while its jobs are on the way", () => {
  const clock = new ManualClock();
  const [known, fresh] = [new TestEndpoint("known"), new TestEndpoint("fresh")];
  const balancer = p2c({ random: seededRandom(1), clock, defaultMs: 10 }).createBalancer();
  balancer.settled?.(known, { durationMs: 50, code: undefined });
  for (let job = 0; job < 12; job++) balancer.pick([known, fresh], placement())!.inFlight++;
  expect([known.inFlight, fresh.inFlight]).toEqual([2, 10]);
});

it("keeps the longest of many queues far shorter than one random choice does", () => {
  const longest = (strategy: Strategy): number => {
    const endpoints = Array.from({ length: 1000 }, (_, at) => Object.assign(new TestEndpoint(`e${at}`), { capacity: 1000 }));
    const balancer = strategy.createBalancer();
    for (let job = 0; job < 10_000; job++) balancer.pick(endpoints, placement())!.inFlight++;
    return Math.max(...endpoints.map(({ inFlight }) => inFlight));
  };
  // Ten jobs each on average: two choices stay within 10 + log2(log2(1000)) and a little.
  expect(longest(p2c({ random: seededRandom(3), clock: new ManualClock() }))).toBeLessThanOrEqual(14);
  expect(longest(random({ random: seededRandom(3) }))).toBeGreaterThan(18);
});

/** A closed loop of `clients` callers over workers of unequal speed; gives the mean time per job in ms. */
function simulate(make: (clock: ManualClock) => Strategy, clients: number): { meanMs: number; slowShare: number } {
  const clock = new ManualClock();
  const speeds = new Map([10, 10, 10, 10, 200].map((ms, at) => [new TestEndpoint(`${ms}ms-${at}`), ms]));
  const endpoints = [...speeds.keys()];
  const balancer = make(clock).createBalancer();
  let [jobs, totalMs, slow] = [0, 0, 0];
  const call = (): void => {
    const available = endpoints.filter(({ inFlight, capacity }) => inFlight < capacity);
    const picked = balancer.pick(available, placement())!;
    // Jobs on one worker share its speed.
    const durationMs = speeds.get(picked)! * ++picked.inFlight;
    jobs++;
    totalMs += durationMs;
    if (speeds.get(picked) === 200) slow++;
    clock.after(durationMs, () => {
      picked.inFlight--;
      balancer.settled?.(picked, { durationMs, code: undefined });
      call();
    });
  };
  for (let client = 0; client < clients; client++) call();
  clock.advance(20_000);
  return { meanMs: totalMs / jobs, slowShare: slow / jobs };
}

it("answers sooner than strategies that do not measure, when one worker of five is slow", () => {
  const measured = simulate((clock) => p2c({ random: seededRandom(5), clock }), 8);
  expect(measured.slowShare).toBeLessThan(0.01);
  expect(measured.meanMs).toBeLessThan(simulate(() => roundRobin(), 8).meanMs / 2);
  expect(measured.meanMs).toBeLessThan(simulate(() => leastConnections(), 8).meanMs);
});
