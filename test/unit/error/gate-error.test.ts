import { codes, GateError } from "unigate";
import { isRetryable } from "unigate/transport";
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

  it("of a peer that sends nonsense is unknown", () => {
    for (const wire of [null, 3, {}, { code: "weird", message: 4 }]) expect(GateError.fromWire(wire).code).toBe("unknown");
  });

  it("has an HTTP status for every code", () => {
    for (const code of codes) expect(httpStatus(code)).toBeGreaterThanOrEqual(400);
  });

  it("is retryable for the codes that time may heal", () => {
    expect(codes.filter(isRetryable)).toEqual(["resource_exhausted", "aborted", "unavailable"]);
  });
});
