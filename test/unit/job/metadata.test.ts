import fc from "fast-check";
import { Metadata } from "unigate/transport";
import { describe, expect, it } from "vitest";

describe("metadata", () => {
  it("has lower-case keys, and repeated values keep their order", () => {
    const metadata = Metadata.from({ "Set-Cookie": ["a=1", "b=2"], x: "y" });
    expect(metadata.getAll("set-cookie")).toEqual(["a=1", "b=2"]);
    expect(metadata.get("set-cookie")).toBe("a=1");
    expect(metadata.toObject()).toEqual({ "set-cookie": ["a=1", "b=2"], x: "y" });
  });

  it("takes more, or replaces the keys that more brings", () => {
    const metadata = Metadata.from({ a: "1", b: "2" });
    expect(Array.from(metadata.with({ a: "3" }))).toEqual([
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
    ]);
    expect(metadata.with({ a: "3" }, true).toObject()).toEqual({ b: "2", a: "3" });
  });

  it("is never changed by what is made of it", () => {
    const metadata = Metadata.from({ a: "1" });
    const before = [...metadata.flat];
    metadata.with({ b: "2" });
    metadata.with({ a: "3" }, true);
    metadata.toObject()["a"] = "4";
    expect(metadata.flat).toEqual(before);
  });

  it("gives text to who asks for text: bytes under the same key are passed over", () => {
    const metadata = Metadata.from({ "trace-bin": [Uint8Array.of(1), "text"] });
    expect(metadata.get("trace-bin")).toBe("text");
    expect(metadata.getAll("trace-bin")).toEqual([Uint8Array.of(1), "text"]);
  });

  it("without entries is one and the same object", () => {
    expect(
      [Metadata.from({}), Metadata.from(undefined), Metadata.fromFlat([]), Metadata.from({ a: [] })].every((one) => one === Metadata.empty),
    ).toBe(true);
  });

  it.each(["constructor", "__proto__", "valueof"])("shows a header named %s like any other", (key) => {
    const object = Metadata.fromFlat([key, "1"]).toObject();
    expect(Object.entries(object)).toEqual([[key, "1"]]);
    expect(Object.entries(Metadata.fromFlat([key, "1", key, "2"]).toObject())).toEqual([[key, ["1", "2"]]]);
  });

  it("may have one entry of its own beside what it shares, and reads like any other", () => {
    const shared = Metadata.shared(["a", "1", "b", "2"]);
    const [one, other] = [shared.and("id", "x"), shared.and("b", "y")];
    expect([one.size, one.get("a"), one.get("id"), one.get("c")]).toEqual([3, "1", "x", undefined]);
    expect([other.get("b"), other.getAll("b"), other.get("id")]).toEqual(["2", ["2", "y"], undefined]);
    expect(one.flat).toEqual(["a", "1", "b", "2", "id", "x"]);
    expect(one.with({ c: "3" }).and("d", "4").toObject()).toEqual({ a: "1", b: "2", id: "x", c: "3", d: "4" });
    expect([shared.isShared, one.isShared, one.base === other.base]).toEqual([true, false, true]);
    expect(Metadata.empty.and("a", "1").toObject()).toEqual({ a: "1" });
    expect(shared.and("k-bin", Uint8Array.of(1)).get("k-bin")).toBeUndefined();
  });

  it("finds what a naive list finds", () => {
    const key = fc.constantFrom("a", "b", "c", "d");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, fc.string()), { maxLength: 10 }),
        fc.array(fc.tuple(key, fc.string()), { maxLength: 5 }),
        key,
        (one, more, wanted) => {
          const [left, right] = [Metadata.fromFlat(one.flat()), Metadata.fromFlat(more.flat())];
          const replaced = new Set(more.map(([name]) => name));
          expect(left.size).toBe(one.length);
          expect(left.get(wanted)).toBe(one.find(([name]) => name === wanted)?.[1]);
          expect(Array.from(left.with(right))).toEqual([...one, ...more]);
          expect(Array.from(left.with(right, true))).toEqual([...one.filter(([name]) => !replaced.has(name)), ...more]);
        },
      ),
    );
  });
});
