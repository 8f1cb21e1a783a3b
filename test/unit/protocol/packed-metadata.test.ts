import fc from "fast-check";
import { unpack } from "msgpackr";
import { Metadata } from "unigate/transport";
import { expect, test } from "vitest";
import { packMetadata } from "../../../src/protocol/packed-metadata.ts";

const text = fc.string({ unit: "binary", maxLength: 40 });
const value = fc.oneof(text, fc.uint8Array({ maxLength: 40 }));

const plain = (flat: unknown): unknown => (flat as (string | Uint8Array)[]).map((one) => (typeof one === "string" ? one : [...one]));

test("metadata of a shared base is packed as any other, each time with its own entry", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, value), { maxLength: 20 }), text, fc.array(value, { maxLength: 3 }), (entries, key, own) => {
      const base = Metadata.shared(entries.flat());
      for (const one of own) expect(plain(unpack(packMetadata(base.and(key, one))))).toEqual(plain([...base.flat, key, one]));
    }),
  );
});

test.each([0, 6, 7, 8, 32_766, 32_767, 32_768])("%d shared entries are as many when they are read", (count) => {
  const base = Metadata.shared(Array.from({ length: 2 * count }, () => "x"));
  expect(unpack(packMetadata(base.and("a", "b")))).toEqual([...base.flat, "a", "b"]);
});
