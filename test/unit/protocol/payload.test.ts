import { describe, expect, it } from "vitest";
import { decodePayload, encodePayload } from "../../../src/protocol/payload.ts";

const json = (value: unknown): unknown => decodePayload(encodePayload(value, "application/json"), "application/json");

describe("a value as JSON", () => {
  it.each([
    ["a big integer", 2n ** 62n, "4611686018427387904"],
    ["a big integer inside", { big: 1n }, { big: "1" }],
    ["a map", new Map([["a", new Set([1, 2])]]), { a: [1, 2] }],
    ["bytes inside", { bytes: new Uint8Array([104, 105]), buffer: Buffer.from("hi") }, { bytes: "aGk=", buffer: "aGk=" }],
    ["a date", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
    ["what says itself how it is written", { toJSON: () => 3n }, "3"],
    ["nothing", undefined, null],
    ["falsy values", [0, "", false, null, Number.NaN], [0, "", false, null, null]],
  ])("of %s loses nothing that JSON can hold", (_what, value, written) => {
    expect(json(value)).toEqual(written);
  });

  it("that goes round in circles is refused as internal", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(() => json(circle)).toThrow("cannot be written as application/json");
  });
});
