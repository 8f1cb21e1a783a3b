import fc from "fast-check";
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
      }
    }),
  );
});

it("0 is never given out, not even after every generation of a slot", () => {
  const table = new SlotTable<object>();
  for (let turn = 0; turn < 10_000; turn++) {
    const number = table.take({});
    expect(number).toBeGreaterThan(0);
    table.release(number);
  }
});
