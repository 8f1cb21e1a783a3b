import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DeadlineEntry, DeadlineWheel } from "../../../src/job/deadline-wheel.ts";
import { ManualClock } from "../../support/manual-clock.ts";

/** Two ticks of 8 ms, and the rounding of a timer to whole ms. */
const latestMs = 17;

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
      fc.record({
        kind: fc.constant("add" as const),
        inMs: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.double({ min: 0, max: 20_000, noNaN: true })),
        // When it expires it adds one more, this much later.
        thenInMs: fc.option(fc.integer({ min: -20, max: 9000 }), { nil: undefined }),
      }),
      fc.record({ kind: fc.constant("remove" as const), at: fc.nat() }),
      fc.record({
        kind: fc.constant("wait" as const),
        ms: fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.double({ min: 0, max: 40, noNaN: true })),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const clock = new ManualClock();
        const wheel = new DeadlineWheel(clock);
        const entries: { entry: Entry; addedAt: number }[] = [];
        const removed = new Set<Entry>();
        const add = (inMs: number, then?: () => void): void => {
          const entry = new Entry(clock, clock.now() + inMs, then);
          entries.push({ entry, addedAt: clock.now() });
          wheel.add(entry);
        };
        const alive = (): Entry[] =>
          entries.map(({ entry }) => entry).filter((entry) => entry.expiredAt === undefined && !removed.has(entry));
        for (const one of steps) {
          const { kind } = one;
          if (kind === "add") add(one.inMs, one.thenInMs === undefined ? undefined : () => add(one.thenInMs!));
          else if (kind === "wait") clock.advance(one.ms);
          else {
            const entry = alive()[one.at % Math.max(1, alive().length)];
            if (entry === undefined) continue;
            wheel.remove(entry);
            removed.add(entry);
          }
          expect(wheel.size).toBe(alive().length);
        }
        clock.advance(60_000);
        for (const { entry, addedAt } of entries) {
          if (removed.has(entry)) expect(entry.expiredAt).toBeUndefined();
          else {
            expect(entry.expiredAt).toBeGreaterThanOrEqual(entry.deadline);
            expect(entry.expiredAt).toBeLessThanOrEqual(Math.max(entry.deadline, addedAt) + latestMs);
          }
        }
        expect([wheel.size, clock.timers]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it("holds ten thousand entries on one timer, and expires each on time", () => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel(clock);
    const entries = Array.from({ length: 10_000 }, (_, at) => new Entry(clock, (at * 7919) % 60_000));
    for (const entry of entries) wheel.add(entry);
    expect([wheel.size, clock.timers]).toEqual([10_000, 1]);
    clock.advance(70_000);
    const lateness = entries.map((entry) => entry.expiredAt! - entry.deadline);
    expect(lateness.every((ms) => ms >= 0 && ms <= latestMs)).toBe(true);
    expect([wheel.size, clock.timers]).toEqual([0, 0]);
  });

  it("takes new entries while it expires others", () => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel(clock);
    const second = new Entry(clock, 200);
    wheel.add(new Entry(clock, 100, () => wheel.add(second)));
    clock.advance(300);
    expect(second.expiredAt).toBeLessThanOrEqual(216);
  });

  it("lets an entry remove another that expires in the same turn", () => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel(clock);
    const later = new Entry(clock, 108);
    wheel.add(new Entry(clock, 100, () => wheel.remove(later)));
    wheel.add(later);
    clock.advance(1000);
    expect([wheel.size, clock.timers]).toEqual([0, 0]);
  });

  it("catches up after a pause of the process that is longer than its whole turn", () => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel(clock);
    const missed = [100, 20_000, 59_000].map((deadline) => new Entry(clock, deadline));
    const later = new Entry(clock, 61_000);
    for (const entry of [...missed, later]) wheel.add(entry);
    clock.stall(60_000);
    clock.advance(latestMs);
    expect(missed.map((entry) => entry.expiredAt)).toEqual([60_000, 60_000, 60_000]);
    expect(later.expiredAt).toBeUndefined();
    clock.advance(1000);
    expect(later.expiredAt).toBeLessThanOrEqual(61_000 + latestMs);
  });

  it("never holds an entry without a deadline", () => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel(clock);
    const entry = new Entry(clock, Infinity);
    wheel.add(entry);
    wheel.remove(entry);
    expect([wheel.size, clock.timers]).toEqual([0, 0]);
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

  it("forgets everything when it is closed: a job that ends later finds nothing to remove", () => {
    const clock = new ManualClock();
    const wheel = new DeadlineWheel(clock);
    const [first, second] = [new Entry(clock, 100), new Entry(clock, 100)];
    wheel.add(first);
    wheel.add(second);
    wheel.close();
    wheel.remove(first);
    wheel.remove(second);
    clock.advance(1000);
    expect([wheel.size, clock.timers, first.expiredAt]).toEqual([0, 0, undefined]);
  });
});
