import fc from "fast-check";
import { consistentHash } from "unigate";
import { describe, expect, it } from "vitest";
import { placement, TestEndpoint } from "../../exercise/strategy.ts";

const endpoints = Array.from({ length: 10 }, (_, at) => new TestEndpoint(`worker-${at}`));
const keys = Array.from({ length: 5000 }, (_, at) => `user-${at}`);

function choose(available: readonly TestEndpoint[], of: readonly string[] = keys): (string | undefined)[] {
  const balancer = consistentHash({ header: "X-User" }).createBalancer();
  return of.map((key) => balancer.pick(available, placement({ "x-user": key }))?.id);
}

function share(picks: readonly (string | undefined)[], id: string): number {
  return picks.filter((one) => one === id).length / picks.length;
}

describe("consistentHash", () => {
  it("sends a key to the same endpoint, in every gate alike", () => {
    expect(choose(endpoints)).toEqual(choose(endpoints));
  });

  it.each([
    ["numbered workers", endpoints],
    ["workers named by host and process", Array.from({ length: 10 }, (_, at) => new TestEndpoint(`box-${at % 3}.local-${4000 + at}`))],
    ["workers of one name", Array.from({ length: 10 }, (_, at) => new TestEndpoint(at === 0 ? "w" : `w~${at + 1}`))],
  ])("gives %s a fair share of keys", (_title, workers) => {
    const picks = choose(workers);
    for (const { id } of workers) expect(Math.abs(share(picks, id) - 0.1)).toBeLessThan(0.02);
  });

  it.each(["", "1", "00000000-0000-4000-8000-00000000000"])(
    "spreads keys that differ in their last characters only, after %j",
    (prefix) => {
      const picks = choose(
        endpoints,
        Array.from({ length: 5000 }, (_, at) => `${prefix}${at}`),
      );
      for (const { id } of endpoints) expect(Math.abs(share(picks, id) - 0.1)).toBeLessThan(0.02);
    },
  );

  it("moves only the keys of an endpoint that leaves, whichever it is, and spreads them over the others", () => {
    const before = choose(endpoints);
    for (const gone of endpoints) {
      const others = endpoints.filter((one) => one !== gone);
      const after = choose(others);
      for (const [at, id] of before.entries()) if (id !== gone.id) expect(after[at]).toBe(id);
      const moved = after.filter((_, at) => before[at] === gone.id);
      for (const { id } of others) expect(share(moved, id)).toBeLessThan(0.25);
    }
  });

  it("moves keys only to an endpoint that joins, about 1/(n+1) of them", () => {
    const before = choose(endpoints);
    const after = choose([...endpoints, new TestEndpoint("newcomer")]);
    const moved = after.filter((id, at) => id !== before[at]);
    expect(new Set(moved)).toEqual(new Set(["newcomer"]));
    expect(Math.abs(moved.length / keys.length - 1 / 11)).toBeLessThan(0.02);
  });

  it("moves no key that need not move, whoever is available", () => {
    fc.assert(
      fc.property(fc.string(), fc.subarray(endpoints, { minLength: 1 }), fc.subarray(endpoints), (key, some, more) => {
        const union = endpoints.filter((one) => some.includes(one) || more.includes(one));
        const [of] = choose(union, [key]);
        // Whoever is best among all of them is best among fewer.
        if (some.some(({ id }) => id === of)) expect(choose(some, [key])).toEqual([of]);
      }),
    );
  });

  it("sends the keys of a full endpoint to one other endpoint each, and back when it has room", () => {
    const balancer = consistentHash({ header: "x-user" }).createBalancer();
    const job = placement({ "x-user": "ann" });
    const home = balancer.pick(endpoints, job)!;
    const others = endpoints.filter((one) => one !== home);
    const second = balancer.pick(others, job);
    expect(second).toBeDefined();
    expect(balancer.pick(others, job)).toBe(second);
    expect(balancer.pick(endpoints, job)).toBe(home);
  });

  it("gives a worker that comes back under its name its keys back", () => {
    const before = choose(endpoints);
    const restarted = endpoints.map(({ id }) => new TestEndpoint(id)).toReversed();
    expect(choose(restarted)).toEqual(before);
  });

  it("listens to x-gate-hash unless told otherwise", () => {
    const balancer = consistentHash().createBalancer();
    const picks = Array.from({ length: 20 }, () => balancer.pick(endpoints, placement({ "x-gate-hash": "k" })));
    expect(new Set(picks).size).toBe(1);
  });

  it("takes an empty key for a key", () => {
    const balancer = consistentHash().createBalancer();
    const picks = Array.from({ length: 20 }, () => balancer.pick(endpoints, placement({ "x-gate-hash": "" })));
    expect(new Set(picks).size).toBe(1);
  });

  it("spreads jobs without a key in turns, and jobs with a key do not cost anyone a turn", () => {
    const balancer = consistentHash().createBalancer();
    const three = endpoints.slice(0, 3);
    const order = Array.from({ length: 6 }, () => {
      balancer.pick(three, placement({ "x-gate-hash": "k" }));
      return balancer.pick(three, placement())?.id;
    });
    expect(order).toEqual(["worker-0", "worker-1", "worker-2", "worker-0", "worker-1", "worker-2"]);
  });
});
