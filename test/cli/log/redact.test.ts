import { describe, expect, it } from "vitest";
import { redactor } from "../../../cli/log/redact.ts";

describe("the log leaves out", () => {
  it("values of fields with a secret's name, however it is written and however deep", () => {
    const { fields } = redactor();
    const headers = { authorization: "Bearer abc", "Set-Cookie": ["a=1"], "x-api-key": "k", accept: "text/plain" };
    expect(fields({ key: "k", GATE_KEY: "k", keys: 2, request: { headers, list: [{ refresh_token: "t" }] } })).toEqual({
      key: "[redacted]",
      GATE_KEY: "[redacted]",
      keys: 2,
      request: {
        headers: { authorization: "[redacted]", "Set-Cookie": "[redacted]", "x-api-key": "[redacted]", accept: "text/plain" },
        list: [{ refresh_token: "[redacted]" }],
      },
    });
  });

  it("fields that the config names", () => {
    expect(redactor(["ssn"]).fields({ ssn: "1", user_SSN: "2", other: "3" })).toEqual({
      ssn: "[redacted]",
      user_SSN: "[redacted]",
      other: "3",
    });
  });

  it("credentials inside texts, and passwords of URLs", () => {
    const { text, fields } = redactor();
    expect(text("sent Authorization: Bearer eyJhbGciOi.x-y_z to it")).toBe("sent Authorization: Bearer [redacted] to it");
    expect(fields({ url: "redis://user:pa55@host:6379/0", plain: "http://host:80/a@b" })).toEqual({
      url: "redis://user:[redacted]@host:6379/0",
      plain: "http://host:80/a@b",
    });
  });

  it("payloads, and what is nested beyond all reason", () => {
    const circle: Record<string, unknown> = {};
    circle["again"] = circle;
    const { fields } = redactor();
    expect(fields({ body: new Uint8Array(10) })).toEqual({ body: "10 bytes" });
    expect(JSON.stringify(fields(circle))).toContain("…");
  });
});
