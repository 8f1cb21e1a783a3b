import fc from "fast-check";
import { GateError } from "unigate/transport";
import { expect, it } from "vitest";
import { SlotTable } from "../../../src/protocol/slot-table.ts";

it("a number finds its owner until it is released, and never anybody after that", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant("take" as const), fc.nat()), { maxLength: 200 }), (steps) => {
      const table = new SlotTable<object>();
      const out = new Map<number, object>();
      const released: number[] = [];
      for (const step of steps) {
        if (step === "take") {
          const owner = {};
          const number = table.take(owner);
          expect(out.has(number)).toBe(false);
          expect(released).not.toContain(number);
          out.set(number, owner);
        } else if (out.size > 0) {
          const number = [...out.keys()][step % out.size]!;
          table.release(number);
          out.delete(number);
          released.push(number);
        }
        for (const [number, owner] of out) expect(table.find(number)).toBe(owner);
        for (const number of released) expect(table.find(number)).toBeUndefined();
        expect(table.size).toBe(out.size);
        expect(new Map(table.entries())).toEqual(out);
      }
    }),
  );
});

it("a number that was never given out finds nobody, and releasing it harms nobody", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 })), (numbers) => {
      const table = new SlotTable<object>();
      const owner = {};
      const given = table.take(owner);
      for (const number of numbers) {
        if (number === given) continue;
        expect(table.find(number)).toBeUndefined();
        table.release(number);
      }
      expect([table.find(given), table.size]).toEqual([owner, 1]);
    }),
  );
});

it("releasing the number that a free slot would give out next gives the slot to one owner only", () => {
  const table = new SlotTable<string>();
  const number = table.take("first");
  table.release(number);
  const next = table.take("second");
  table.release(next);
  table.release(next + (next - number));
  expect(table.size).toBe(0);
  expect(new Set([table.take("a"), table.take("b")]).size).toBe(2);
});

it("releasing twice gives a slot to one owner only", () => {
  const table = new SlotTable<string>();
  const number = table.take("first");
  table.release(number);
  table.release(number);
  expect(new Set([table.take("a"), table.take("b")]).size).toBe(2);
  expect(table.size).toBe(2);
});

it("0 is never given out, not even after every generation of a slot", () => {
  const table = new SlotTable<object>();
  for (let turn = 0; turn < 10_000; turn++) {
    const number = table.take({});
    expect(number).toBeGreaterThan(0);
    table.release(number);
  }
});

it("a million numbers can be out at once, all different, and one more is refused as resource_exhausted", () => {
  const table = new SlotTable<number>();
  const numbers = Array.from({ length: 2 ** 20 }, (_, at) => table.take(at));
  expect(new Set(numbers).size).toBe(2 ** 20);
  expect(numbers.every((number, at) => number <= 0xffff_ffff && table.find(number) === at)).toBe(true);
  let thrown: unknown;
  try {
    table.take(-1);
  } catch (error) {
    thrown = error;
  }
  expect(GateError.is(thrown) && thrown.code).toBe("resource_exhausted");
  table.release(numbers[77]!);
  expect(table.find(table.take(-1))).toBe(-1);
});
