import { seededRandom } from "unigate/transport";
import { expect, it } from "vitest";
import { retryDelayMs } from "../../../src/jobs/retry-delay.ts";

it("the delay doubles with each failure, up to five minutes, and varies by half", () => {
  const wholes = [1, 2, 3, 4, 20, 1000].map((attempt) => retryDelayMs(attempt, 1000, () => 1));
  expect(wholes).toEqual([1000, 2000, 4000, 8000, 300_000, 300_000]);
  expect(retryDelayMs(3, 1000, () => 0)).toBe(2000);
  const random = seededRandom(7);
  const delays = Array.from({ length: 50 }, () => retryDelayMs(1, 1000, random));
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(500);
  expect(Math.max(...delays)).toBeLessThanOrEqual(1000);
  expect(new Set(delays).size).toBeGreaterThan(40);
});
