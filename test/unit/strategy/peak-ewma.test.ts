import { expect, it } from "vitest";
import { PeakEwma } from "../../../src/strategy/peak-ewma.ts";
import { TestEndpoint } from "../../exercise/strategy.ts";
import { ManualClock } from "../../support/manual-clock.ts";

function createMeter(): { clock: ManualClock; meter: PeakEwma; endpoint: TestEndpoint } {
  const clock = new ManualClock();
  return { clock, meter: new PeakEwma({ clock, decayMs: 1000, defaultMs: 20 }), endpoint: new TestEndpoint("a") };
}

it("a peak counts at once, and a fast job after it counts as much as time has passed", () => {
  const { clock, meter, endpoint } = createMeter();
  meter.record(endpoint, 100);
  meter.record(endpoint, 500);
  expect(meter.load(endpoint)).toBe(500);
  meter.record(endpoint, 100);
  expect(meter.load(endpoint)).toBe(500);
  clock.advance(1000);
  meter.record(endpoint, 100);
  expect(meter.load(endpoint)).toBeCloseTo(500 / Math.E + 100 * (1 - 1 / Math.E), 6);
});

it("what is not measured anew fades to 1/e in the decay time", () => {
  const { clock, meter, endpoint } = createMeter();
  meter.record(endpoint, 100);
  clock.advance(1000);
  expect(meter.load(endpoint)).toBeCloseTo(100 / Math.E, 6);
});

it("a new endpoint counts with the default, which fades too, until the first measurement takes its place", () => {
  const { clock, meter, endpoint } = createMeter();
  expect(meter.load(endpoint)).toBe(20);
  clock.advance(1000);
  expect(meter.load(endpoint)).toBeCloseTo(20 / Math.E, 6);
  meter.record(endpoint, 3);
  expect(meter.load(endpoint)).toBe(3);
});

it("jobs on the way multiply the load, the next one included", () => {
  const { meter, endpoint } = createMeter();
  meter.record(endpoint, 10);
  endpoint.inFlight = 4;
  expect(meter.load(endpoint)).toBe(50);
});

it("looking does not change what is seen later", () => {
  const [one, other] = [createMeter(), createMeter()];
  for (const { meter, endpoint } of [one, other]) meter.record(endpoint, 100);
  for (let look = 0; look < 10; look++) {
    one.clock.advance(100);
    one.meter.load(one.endpoint);
  }
  other.clock.advance(1000);
  for (const { meter, endpoint } of [one, other]) meter.record(endpoint, 10);
  expect(one.meter.load(one.endpoint)).toBeCloseTo(other.meter.load(other.endpoint), 6);
});
