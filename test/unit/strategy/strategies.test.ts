import { consistentHash, fifo, leastConnections, p2c, random, roundRobin, version, weightedRoundRobin } from "unigate";
import { seededRandom } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { exerciseStrategy, placement, TestEndpoint } from "../../exercise/strategy.ts";
import { DispatchBench } from "../../support/dispatch-bench.ts";
import { ManualClock } from "../../support/manual-clock.ts";

exerciseStrategy("roundRobin", () => roundRobin(), { shares: 0 }, seededRandom);
exerciseStrategy("weightedRoundRobin", () => weightedRoundRobin(), { shares: 0 }, seededRandom);
exerciseStrategy("random", (source) => random({ random: source }), { shares: 0.1 }, seededRandom);
exerciseStrategy("leastConnections", () => leastConnections(), { shares: 0.01 }, seededRandom);
exerciseStrategy("fifo", () => fifo(), { shares: { skip: "the first idle worker in the order of joining is taken" } }, seededRandom);
exerciseStrategy("p2c", (source) => p2c({ random: source, clock: new ManualClock() }), { shares: 0.1 }, seededRandom);
exerciseStrategy("consistentHash", () => consistentHash(), { shares: 0.01 }, seededRandom);
exerciseStrategy("version", () => version({ prefer: "v1" }), { shares: 0.01 }, seededRandom);

describe("weightedRoundRobin", () => {
  it("spreads 5:1:1 without bursts, in the order that nginx documents", () => {
    const endpoints = [new TestEndpoint("a", 5), new TestEndpoint("b"), new TestEndpoint("c")];
    const balancer = weightedRoundRobin().createBalancer();
    const order = Array.from({ length: 7 }, () => balancer.pick(endpoints, placement())?.id).join("");
    expect(order).toBe("aabacaa");
  });
});

describe("leastConnections", () => {
  it("takes the endpoint with the fewest jobs in flight", () => {
    const endpoints = [new TestEndpoint("a"), new TestEndpoint("b"), new TestEndpoint("c")];
    endpoints[0]!.inFlight = 3;
    endpoints[1]!.inFlight = 1;
    endpoints[2]!.inFlight = 2;
    expect(leastConnections().createBalancer().pick(endpoints, placement())?.id).toBe("b");
  });
});

describe("fifo", () => {
  it("starts the first three of six jobs on three different workers, however many each could take", () => {
    const bench = new DispatchBench([{ pattern: "*", strategy: fifo() }]);
    const workers = ["a", "b", "c"].map((id) => bench.join(id, { capacity: 10 }));
    for (let job = 0; job < 6; job++) bench.call({ payload: Buffer.from(String(job)) });
    expect(workers.map(({ worker }) => worker.sent.length)).toEqual([1, 1, 1]);
  });

  it("gives all short jobs to the one worker that is not held by a long one, in order", () => {
    const bench = new DispatchBench([{ pattern: "*", strategy: fifo() }]);
    const workers = ["a", "b", "c"].map((id) => bench.join(id, { capacity: 10 }));
    for (let job = 0; job < 6; job++) bench.call({ payload: Buffer.from(String(job)) });
    const { worker } = workers[2]!;
    for (let turn = 0; turn < 4; turn++) worker.end(worker.sent[turn]!);
    expect(worker.sent.map(({ job }) => Buffer.from(job.payload).toString())).toEqual(["2", "3", "4", "5"]);
  });

  it("holds a worker to the end of its stream", () => {
    const bench = new DispatchBench([{ pattern: "*", strategy: fifo() }]);
    const { worker } = bench.join("a", { capacity: 10 });
    bench.call();
    bench.call();
    worker.sent[0]!.sink.chunk(Buffer.from("part"));
    expect(worker.sent).toHaveLength(1);
    worker.end(worker.sent[0]!);
    expect(worker.sent).toHaveLength(2);
  });
});

describe("p2c", () => {
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

  it("does not find an endpoint attractive for failing fast", () => {
    const endpoints = [new TestEndpoint("broken"), new TestEndpoint("good")];
    const balancer = p2c({ random: seededRandom(1), clock: new ManualClock() }).createBalancer();
    balancer.settled?.(endpoints[0]!, { durationMs: 1, code: "unavailable" });
    balancer.settled?.(endpoints[1]!, { durationMs: 50, code: undefined });
    expect(balancer.pick(endpoints, placement())?.id).toBe("good");
  });
});

describe("consistentHash", () => {
  const endpoints = Array.from({ length: 5 }, (_, at) => new TestEndpoint(`e${at}`));
  const keys = Array.from({ length: 1000 }, (_, at) => `user-${at}`);
  const choose = (available: TestEndpoint[]): (string | undefined)[] => {
    const balancer = consistentHash({ header: "X-User" }).createBalancer();
    return keys.map((key) => balancer.pick(available, placement({ "x-user": key }))?.id);
  };

  it("sends a key to the same endpoint, and every endpoint gets a fair share of keys", () => {
    const before = choose(endpoints);
    expect(choose(endpoints)).toEqual(before);
    for (const { id } of endpoints) expect(Math.abs(before.filter((one) => one === id).length - 200)).toBeLessThan(60);
  });

  it("moves only the keys of an endpoint that leaves", () => {
    const before = choose(endpoints);
    const after = choose(endpoints.slice(1));
    for (const [at, id] of before.entries()) if (id !== "e0") expect(after[at]).toBe(id);
  });
});

describe("version", () => {
  it("prefers its version and falls back to the others", () => {
    const [one, two] = [new TestEndpoint("one", 1, "v1"), new TestEndpoint("two", 1, "v2")];
    const balancer = version({ prefer: "v2" }).createBalancer();
    expect(balancer.pick([one, two], placement())).toBe(two);
    expect(balancer.pick([one], placement())).toBe(one);
  });
});
