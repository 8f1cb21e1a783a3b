import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DeadlineEntry, DeadlineWheel } from "../../../src/job/deadline-wheel.ts";
import { ManualClock } from "../../support/manual-clock.ts";

class Entry implements DeadlineEntry {
  wheelNext: DeadlineEntry | undefined;
  wheelPrevious: DeadlineEntry | undefined;
  expiredAt: number | undefined;
  readonly deadline: number;
  readonly #clock: ManualClock;
  readonly #then: (() => void) | undefined;

  constructor(clock: ManualClock, deadline: number, then?: () => void) {
    this.#clock = clock;
    this.deadline = deadline;
    this.#then = then;
  }

  expire(): void {
    expect(this.expiredAt).toBeUndefined();
    this.expiredAt = this.#clock.now();
    this.#then?.();
  }
}

describe("the deadline wheel", () => {
  it("expires every entry once, never early and at most two ticks late, whatever is added, removed and waited for", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), inMs: fc.integer({ min: 0, max: 20_000 }) }),
      fc.record({ kind: fc.constant("remove" as const), at: fc.nat() }),
      fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 9000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const clock = new ManualClock();
        const wheel = new DeadlineWheel(clock);
        const entries: Entry[] = [];
        const removed = new Set<Entry>();
        for (const one of steps) {
          if (one.kind === "add") {
            const entry = new Entry(clock, clock.now() + one.inMs);
            entries.push(entry);
            wheel.add(entry);
          } else if (one.kind === "wait") clock.advance(one.ms);
          else {
            const entry = entries[one.at % Math.max(1, entries.length)];
            if (entry === undefined || entry.expiredAt !== undefined) continue;
            wheel.remove(entry);
            removed.add(entry);
          }
        }
        clock.advance(30_000);
        for (const entry of entries) {
          if (removed.has(entry)) expect(entry.expiredAt).toBeUndefined();
          else {
            expect(entry.expiredAt).toBeGreaterThanOrEqual(entry.deadline);
            expect(entry.expiredAt).toBeLessThanOrEqual(entry.deadline + 16);
          }
        }
        expect([wheel.size, clock.timers]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it("takes new entries while it expires others", () => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel(clock);
    const second = new Entry(clock, 200);
    wheel.add(new Entry(clock, 100, () => wheel.add(second)));
    clock.advance(300);
    expect(second.expiredAt).toBeLessThanOrEqual(216);
  });

  it("holds no timer while it is empty", () => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel(clock);
    const entry = new Entry(clock, 50_000);
    wheel.add(entry);
    wheel.remove(entry);
    clock.advance(10_000);
    expect(clock.timers).toBe(0);
  });
});
