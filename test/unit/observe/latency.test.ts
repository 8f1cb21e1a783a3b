import { expect, test } from "vitest";
import fc from "fast-check";
import { LatencyWindow } from "../../../src/observe/latency.ts";

test("a window without a duration knows nothing", () => {
  expect(new LatencyWindow().summary()).toEqual({ p50Ms: 0, p99Ms: 0 });
});

test("the median and the 99th percentile are off by a sixteenth at most, from a microsecond to an hour", () => {
  const durations = fc.array(fc.double({ min: 0.001, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(durations, (list) => {
      const window = new LatencyWindow();
      for (const one of list) window.record(one, 0);
      const sorted = list.toSorted((a, b) => a - b);
      const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] as number;
      const { p50Ms, p99Ms } = window.summary();
      // Below 8 µs a bucket is a whole microsecond wide.
      const isNear = (told: number, real: number): boolean => Math.abs(told - real) <= Math.max(real / 15, 0.00101);
      return isNear(p50Ms, at(0.5)) && isNear(p99Ms, at(0.99));
    }),
  );
});

test("durations older than two windows do not count", () => {
  const window = new LatencyWindow();
  for (let at = 0; at < 1000; at++) window.record(500, at);
  for (let at = 25_000; at < 26_000; at++) window.record(1, at);
  expect(window.summary().p99Ms).toBeLessThan(1.1);
});

test("durations of the window before still count, so that a figure does not start from nothing every ten seconds", () => {
  const window = new LatencyWindow();
  for (let at = 0; at < 9000; at += 10) window.record(100, at);
  window.record(1, 12_000);
  expect(window.summary().p50Ms).toBeGreaterThan(90);
});

test("an idle window keeps its last figures", () => {
  const window = new LatencyWindow();
  window.record(100, 0);
  expect(window.summary()).toBe(window.summary());
  expect(window.summary().p50Ms).toBeGreaterThan(90);
});

test("nonsense is counted as the shortest or the longest duration, and breaks nothing", () => {
  const window = new LatencyWindow();
  for (const odd of [-5, 0, Number.NaN, 1e15, Infinity]) window.record(odd, 0);
  expect(window.summary().p99Ms).toBeGreaterThan(3_600_000);
  expect(window.summary().p50Ms).toBeLessThan(0.001);
});
