import { Metadata } from "unigate/transport";
import { expect, it } from "vitest";

it("keys are lower case, repeated values keep their order", () => {
  const metadata = Metadata.from({ "Set-Cookie": ["a=1", "b=2"], x: "y" });
  expect(metadata.getAll("set-cookie")).toEqual(["a=1", "b=2"]);
  expect(metadata.get("set-cookie")).toBe("a=1");
  expect(metadata.toObject()).toEqual({ "set-cookie": ["a=1", "b=2"], x: "y" });
});

it("with() adds, or replaces the keys it brings", () => {
  const metadata = Metadata.from({ a: "1", b: "2" });
  expect([...metadata.with({ a: "3" })]).toEqual([
    ["a", "1"],
    ["b", "2"],
    ["a", "3"],
  ]);
  expect(metadata.with({ a: "3" }, true).toObject()).toEqual({ b: "2", a: "3" });
});
