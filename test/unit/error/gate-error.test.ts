import fc from "fast-check";
import { codes, GateError } from "unigate";
import { isCode, isRetryable } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { httpStatus } from "../../../transports/http/http-status.ts";

describe("GateError", () => {
  it("crosses a wire with code, message, details and an unusual retryable", () => {
    const error = new GateError("resource_exhausted", "full", { details: { queue: 3 }, retryable: false });
    expect(GateError.fromWire(error.toWire())).toMatchObject({
      code: "resource_exhausted",
      message: "full",
      details: { queue: 3 },
      retryable: false,
    });
  });

  it("crosses a wire whole, whatever it is, and leaves cause and stack at home", () => {
    const options = fc.record(
      { retryable: fc.boolean(), details: fc.dictionary(fc.string(), fc.jsonValue()), cause: fc.anything() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.string(), options, (code, message, more) => {
        const error = new GateError(code, message, more);
        const wire = error.toWire();
        expect(Object.keys(wire).filter((key) => !["code", "message", "retryable", "details"].includes(key))).toEqual([]);
        const { retryable, details } = error;
        expect(GateError.fromWire(JSON.parse(JSON.stringify(wire)))).toMatchObject({ code, message, retryable });
        expect(GateError.fromWire(wire).details).toEqual(details);
      }),
    );
  });

  it("is an Error with a name, and keeps its cause", () => {
    const cause = new Error("why");
    const error = new GateError("internal", "what", { cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.cause, String(error)]).toEqual(["GateError", cause, "GateError: what"]);
    expect("cause" in new GateError("internal", "what")).toBe(false);
  });

  it("is known by its brand, also from another copy of the package", () => {
    const foreign = Object.assign(new Error("x"), { [Symbol.for("unigate.GateError")]: true });
    expect([GateError.is(new GateError("internal", "x")), GateError.is(foreign), GateError.is(new Error("x")), GateError.is(null)]).toEqual(
      [true, true, false, false],
    );
  });

  it("is made of anything thrown, and keeps the cause", () => {
    const cause = new TypeError("bad");
    expect(GateError.from(cause)).toMatchObject({ code: "unknown", message: "bad", cause });
    expect(GateError.from("text").message).toBe("text");
    expect(GateError.from(AbortSignal.abort().reason).code).toBe("cancelled");
    expect(GateError.from(new DOMException("late", "TimeoutError")).code).toBe("deadline_exceeded");
  });

  it("is made of anything at all without throwing, and passes unchanged when it is one already", () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: true }), (thrown) => GateError.is(GateError.from(thrown, "internal"))));
    const error = new GateError("aborted", "once");
    expect(GateError.from(error, "internal")).toBe(error);
    expect(GateError.from(new Error(""), "unavailable")).toMatchObject({ code: "unavailable", message: "Error" });
  });

  it("of a peer that sends nonsense is unknown", () => {
    for (const wire of [null, 3, {}, { code: "weird", message: 4 }]) expect(GateError.fromWire(wire).code).toBe("unknown");
    fc.assert(fc.property(fc.anything(), (wire) => isCode(GateError.fromWire(wire).code)));
  });

  it("has an HTTP status for every code", () => {
    for (const code of codes) expect(httpStatus(code)).toBeGreaterThanOrEqual(400);
  });

  it("is retryable for the codes that time may heal, and otherwise when it says so", () => {
    expect(codes.filter(isRetryable)).toEqual(["resource_exhausted", "aborted", "unavailable"]);
    expect(new GateError("internal", "x", { retryable: true }).retryable).toBe(true);
    expect(new GateError("unavailable", "x", { retryable: false }).retryable).toBe(false);
  });

  it("has one of sixteen codes", () => {
    expect(new Set(codes).size).toBe(16);
    expect([...codes, "ok", "OK", "", 3, undefined].filter(isCode)).toEqual([...codes]);
  });
});
