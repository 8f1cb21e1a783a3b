import fc from "fast-check";
import { expect, test } from "vitest";
import { NumberMap } from "../../../src/protocol/number-map.ts";

const key = fc.oneof(
  fc.nat(40),
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.nat(60).map((n) => ((n << 20) | 7) >>> 0),
);
const step = fc.oneof(
  fc.record({ do: fc.constant("set" as const), key, value: fc.integer() }),
  fc.record({ do: fc.constant("delete" as const), key }),
);

const ascending = (a: number, b: number): number => a - b;

test("it holds what a Map would hold, whatever comes and goes", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const ours = new NumberMap<number>();
      const model = new Map<number, number>();
      for (const one of steps) {
        if (one.do === "set") {
          ours.set(one.key, one.value);
          model.set(one.key, one.value);
        } else {
          ours.delete(one.key);
          model.delete(one.key);
        }
        expect(ours.size).toBe(model.size);
        expect([ours.get(one.key), ours.has(one.key)]).toEqual([model.get(one.key), model.has(one.key)]);
      }
      for (const [held, value] of model) expect(ours.get(held)).toBe(value);
      expect(ours.values().toSorted(ascending)).toEqual([...model.values()].toSorted(ascending));
    }),
  );
});

test("values may be deleted while they are listed", () => {
  const map = new NumberMap<number>();
  for (let n = 1; n <= 100; n++) map.set(n, n);
  for (const n of map.values()) map.delete(n);
  expect(map.size).toBe(0);
});
