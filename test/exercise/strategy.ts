import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import type { Balancer, Candidate, Outcome, Placement, Strategy } from "unigate";
import { Metadata } from "unigate/transport";
import { describe, expect, it } from "vitest";

/** A test that a strategy cannot pass by its nature, with the reason that its title prints. */
export interface Skip {
  skip: string;
}

/** What a strategy can do. */
export interface StrategyCapabilities {
  /** Equal endpoints get equal shares of many jobs, within this fraction. */
  shares: number | Skip;
  /** Two balancers of one strategy pick alike. */
  isRepeatable: true | Skip;
}

let joined = 0;

/** An endpoint that counts its jobs as the registry would. */
export class TestEndpoint implements Candidate {
  readonly id: string;
  readonly sequence: number = ++joined;
  capacity = 10;
  weight: number;
  version: string | undefined;
  inFlight = 0;

  constructor(id: string, weight = 1, version?: string) {
    this.id = id;
    this.weight = weight;
    this.version = version;
  }
}

/** A job as a strategy sees it. */
export function placement(headers: Record<string, string> = {}): Placement {
  return { target: "S.m", metadata: Metadata.from(headers), payload: new Uint8Array(0) };
}

const success: Outcome = { durationMs: 1, code: undefined };
const loss: Outcome = { durationMs: 1, code: "unavailable" };

/** A balancer with the endpoints that it picks from, kept as the registry and the dispatcher keep them. */
class TestPool {
  readonly endpoints: TestEndpoint[] = [];
  readonly running: TestEndpoint[] = [];
  readonly #balancer: Balancer;

  constructor(balancer: Balancer) {
    this.#balancer = balancer;
  }

  get available(): TestEndpoint[] {
    return this.endpoints.filter(({ inFlight, capacity }) => inFlight < capacity);
  }

  pick(job: Placement = placement()): TestEndpoint | undefined {
    const { available } = this;
    const picked = this.#balancer.pick(available, job);
    if (picked === undefined) return undefined;
    // Asked first, because `expect` is slow and this runs very often.
    if (!available.includes(picked)) expect(available).toContain(picked);
    picked.inFlight++;
    this.running.push(picked);
    return picked;
  }

  settle(at: number, outcome: Outcome = success): void {
    const [endpoint] = this.running.splice(at, 1);
    if (endpoint === undefined) return;
    endpoint.inFlight--;
    this.#balancer.settled?.(endpoint, outcome);
  }

  /** The endpoint goes first, then its jobs fail. */
  leave(at: number): void {
    const [endpoint] = this.endpoints.splice(at, 1);
    for (let job = this.running.length - 1; job >= 0; job--) if (this.running[job] === endpoint) this.settle(job, loss);
  }
}

/** The contract of every strategy, built-in or your own. `make` gives a strategy whose chance, if it has any, comes from `seed`. */
export function exerciseStrategy(name: string, make: (seed: number) => Strategy, capabilities: StrategyCapabilities): void {
  const pool = (seed: number): TestPool => new TestPool(make(seed).createBalancer());
  const { shares, isRepeatable } = capabilities;

  describe(`strategy ${name}`, () => {
    it("is named after its function", () => {
      expect(make(1).name).toBe(name);
    });

    it("picks nobody from an empty list, also after it has picked", () => {
      const balancer = make(1).createBalancer();
      expect(balancer.pick([], placement())).toBeUndefined();
      balancer.pick([new TestEndpoint("a")], placement());
      expect(balancer.pick([], placement({ "x-gate-hash": "key" }))).toBeUndefined();
    });

    it("picks only from its list, and picks somebody whenever somebody is idle, while endpoints come, go and finish", () => {
      const step = fc.oneof(
        { weight: 4, arbitrary: fc.record({ kind: fc.constant("pick" as const), key: fc.constantFrom(undefined, "a", "b") }) },
        { weight: 3, arbitrary: fc.record({ kind: fc.constant("settle" as const), at: fc.nat(), fails: fc.boolean() }) },
        {
          weight: 2,
          arbitrary: fc.record({
            kind: fc.constant("join" as const),
            weight: fc.integer({ min: 1, max: 5 }),
            capacity: fc.integer({ min: 1, max: 3 }),
          }),
        },
        { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("leave" as const, "rename" as const), at: fc.nat() }) },
      );
      fc.assert(
        fc.property(fc.integer(), fc.array(step, { maxLength: 80 }), (seed, steps) => {
          const all = pool(seed);
          for (const one of steps) {
            if (one.kind === "join")
              all.endpoints.push(Object.assign(new TestEndpoint(`e${all.endpoints.length}`, one.weight), { capacity: one.capacity }));
            else if (one.kind === "pick") {
              const isAnybodyIdle = all.available.some(({ inFlight }) => inFlight === 0);
              const picked = all.pick(placement(one.key === undefined ? {} : { "x-gate-hash": one.key }));
              if (isAnybodyIdle) expect(picked).toBeDefined();
            } else if (one.kind === "settle") all.settle(one.at % Math.max(1, all.running.length), one.fails ? loss : success);
            else if (one.kind === "leave") all.leave(one.at % Math.max(1, all.endpoints.length));
            else for (const endpoint of all.endpoints) endpoint.version = one.at % 2 === 0 ? "v1" : "v2";
          }
          while (all.running.length > 0) all.settle(0);
          // Whatever happened, nothing is held back once all has settled.
          for (const endpoint of all.endpoints.splice(0)) {
            all.endpoints.splice(0, 1, endpoint);
            expect(all.pick()).toBe(endpoint);
          }
        }),
      );
    });

    it("lets go of endpoints that have left", async () => {
      const balancer = make(2).createBalancer();
      const stays = new TestEndpoint("stays");
      const gone: WeakRef<TestEndpoint>[] = [];
      for (let turn = 0; turn < 20; turn++) gone.push(passThrough(balancer, stays));
      await collectGarbage();
      expect(gone.filter((one) => one.deref() !== undefined)).toEqual([]);
    });

    it("keeps the state of two pools apart", () => {
      const strategy = make(5);
      const [one, other] = [strategy.createBalancer(), strategy.createBalancer()];
      const only = new TestEndpoint("only");
      expect(one.pick([only], placement())).toBe(only);
      expect(other.pick([only], placement())).toBe(only);
    });

    check("picks alike in two pools, whatever happened in the other", isRepeatable, () => {
      const strategy = make(5);
      expect(twenty(strategy.createBalancer())).toEqual(twenty(strategy.createBalancer()));
    });

    it("picks alike when it is made again from the same seed", () => {
      expect(twenty(make(9).createBalancer())).toEqual(twenty(make(9).createBalancer()));
    });

    check("gives equal endpoints equal shares", shares, (tolerance) => {
      const all = pool(7);
      for (const id of ["a", "b", "c", "d", "e"]) all.endpoints.push(new TestEndpoint(id));
      expectEqualShares(all, tolerance, () => all.settle(0));
    });

    check("gives equal endpoints equal shares while most of them are full", shares, (tolerance) => {
      const all = pool(7);
      for (const id of ["a", "b", "c"]) all.endpoints.push(Object.assign(new TestEndpoint(id), { capacity: 1 }));
      expectEqualShares(all, tolerance, () => {
        if (all.running.length === 2) all.settle(0);
      });
    });
  });
}

/** Runs a test, or skips it under a title that says why. */
function check<T>(title: string, capability: T | Skip, test: (capability: T) => void): void {
  if (typeof capability === "object" && capability !== null && "skip" in capability)
    it.skip(`${title} (skipped: ${capability.skip})`, () => {});
  else it(title, () => test(capability));
}

function expectEqualShares(all: TestPool, tolerance: number, after: () => void): void {
  const jobs = 9000;
  const counts = new Map(all.endpoints.map(({ id }) => [id, 0]));
  for (let job = 0; job < jobs; job++) {
    const { id } = all.pick()!;
    counts.set(id, counts.get(id)! + 1);
    after();
  }
  const fair = jobs / counts.size;
  for (const count of counts.values()) expect(Math.abs(count / fair - 1)).toBeLessThanOrEqual(tolerance);
}

function twenty(balancer: Balancer): string[] {
  const endpoints = ["a", "b", "c", "d"].map((id, at) => new TestEndpoint(id, at + 1));
  return Array.from({ length: 20 }, (_, job) => {
    const picked = balancer.pick(endpoints, placement(job % 2 === 0 ? {} : { "x-gate-hash": `key-${job}` }))!;
    balancer.settled?.(picked, success);
    return picked.id;
  });
}

/** One endpoint's life in a pool; in a function of its own, so that nothing here holds it afterwards. */
function passThrough(balancer: Balancer, stays: TestEndpoint): WeakRef<TestEndpoint> {
  const passes = new TestEndpoint("passes", 3);
  for (let turn = 0; turn < 10; turn++) {
    // Two at a time, so that a strategy which holds its endpoints has to take both.
    const picked = [balancer.pick([stays, passes], placement()), balancer.pick([stays, passes], placement())];
    for (const one of picked) if (one !== undefined) balancer.settled?.(one, success);
  }
  return new WeakRef(passes);
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // A weak reference holds its object to the end of the turn in which it was made.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
}
