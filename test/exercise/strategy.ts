import fc from "fast-check";
import { type Candidate, Metadata, type Outcome, type Placement, type Random, type Strategy } from "./strategy-parts.ts";
import { describe, expect, it } from "vitest";

/** What a strategy can do; a test that needs more than that is skipped with the reason given here. */
export interface StrategyCapabilities {
  /** Equal endpoints get equal shares of many jobs, within this fraction; or why not. */
  shares: number | { skip: string };
}

let joined = 0;

/** An endpoint that counts its jobs as the registry would. */
export class TestEndpoint implements Candidate {
  readonly id: string;
  readonly sequence: number = ++joined;
  readonly capacity = 10;
  readonly weight: number;
  readonly version: string | undefined;
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

/** The contract of every strategy. `make` gets a seeded source of chance. */
export function exerciseStrategy(
  name: string,
  make: (random: Random) => Strategy,
  capabilities: StrategyCapabilities,
  seeded: (seed: number) => Random,
): void {
  describe(`strategy ${name}`, () => {
    it("is named after its function", () => {
      expect(make(seeded(1)).name).toBe(name);
    });

    it("picks nobody from an empty list", () => {
      expect(make(seeded(1)).createBalancer().pick([], placement())).toBeUndefined();
    });

    it("picks only from the list it is given, while endpoints come, go and finish", () => {
      fc.assert(
        fc.property(
          fc.integer(),
          fc.array(fc.tuple(fc.uniqueArray(fc.nat({ max: 7 })), fc.boolean()), { maxLength: 60 }),
          (seed, steps) => {
            const all = Array.from({ length: 8 }, (_, at) => new TestEndpoint(`e${at}`, (at % 3) + 1));
            const balancer = make(seeded(seed)).createBalancer();
            const running: TestEndpoint[] = [];
            for (const [present, finishes] of steps) {
              const available = present.toSorted().map((at) => all[at]!);
              const picked = balancer.pick(available, placement());
              if (picked !== undefined) {
                expect(available).toContain(picked);
                picked.inFlight++;
                running.push(picked);
              }
              const done = finishes ? running.shift() : undefined;
              if (done !== undefined) {
                done.inFlight--;
                balancer.settled?.(done, success);
              }
            }
          },
        ),
      );
    });

    it("picks somebody again once everything has settled", () => {
      const endpoints = [new TestEndpoint("a"), new TestEndpoint("b")];
      const balancer = make(seeded(3)).createBalancer();
      for (let turn = 0; turn < 50; turn++) {
        const picked = balancer.pick(endpoints, placement());
        expect(picked).toBeDefined();
        balancer.settled?.(picked!, turn % 2 === 0 ? success : { durationMs: 1, code: "internal" });
      }
    });

    it("keeps the state of two pools apart", () => {
      const strategy = make(seeded(5));
      const [one, other] = [strategy.createBalancer(), strategy.createBalancer()];
      const only = new TestEndpoint("only");
      expect(one.pick([only], placement())).toBe(only);
      expect(other.pick([only], placement())).toBe(only);
    });

    const { shares } = capabilities;
    if (typeof shares === "number") {
      it("gives equal endpoints equal shares", () => {
        const endpoints = Array.from({ length: 5 }, (_, at) => new TestEndpoint(`e${at}`));
        const balancer = make(seeded(7)).createBalancer();
        const counts = new Map<string, number>();
        const jobs = 10_000;
        for (let job = 0; job < jobs; job++) {
          const picked = balancer.pick(endpoints, placement())!;
          counts.set(picked.id, (counts.get(picked.id) ?? 0) + 1);
          balancer.settled?.(picked, success);
        }
        for (const { id } of endpoints) expect(Math.abs((counts.get(id) ?? 0) / (jobs / 5) - 1)).toBeLessThanOrEqual(shares);
      });
    } else it.skip(`gives equal endpoints equal shares (skipped: ${shares.skip})`, () => {});
  });
}
