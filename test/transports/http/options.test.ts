import { http, type HttpOptions } from "unigate/http";
import { codes } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { codeOfStatus, httpStatus } from "../../../transports/http/http-status.ts";

describe("the options of http()", () => {
  it("are checked all at once, each fault with its path and a remedy, and making the transport never throws", () => {
    const wrong: unknown = {
      port: 70_000,
      host: "",
      bodyLimit: 0,
      control: "gate",
      requestTimeout: "soon",
      trustProxy: 3,
      cors: { origin: [] },
      prot: 9000,
    };
    const faults = http(wrong as HttpOptions).check?.() ?? [];
    expect(faults.map(({ path }) => path)).toEqual([
      "port",
      "host",
      "bodyLimit",
      "control",
      "requestTimeout",
      "trustProxy",
      "cors",
      "prot",
    ]);
    expect(faults.every(({ problem, remedy }) => problem !== "" && remedy !== "")).toBe(true);
  });

  it.each([null, 9000, "9000"])("that are no object (%s) are a fault too", (options) => {
    expect(http(options as unknown as HttpOptions).check?.()).toMatchObject([{ path: "options" }]);
  });

  it("have no fault when they are right", () => {
    const right: HttpOptions[] = [
      {},
      { port: 0, host: "::1", bodyLimit: 1, control: "", requestTimeout: "1.5s" },
      { control: "/_gate/v1", trustProxy: ["10.0.0.0/8"], cors: { origin: true }, requestTimeout: 0 },
    ];
    for (const options of right) expect(http(options).check?.()).toEqual([]);
  });
});

describe("the table of statuses", () => {
  it("has a status for every code, as the Connect protocol and DESIGN map them", () => {
    expect(Object.fromEntries(codes.map((code) => [code, httpStatus(code)]))).toEqual({
      cancelled: 499,
      unknown: 500,
      invalid_argument: 400,
      deadline_exceeded: 504,
      not_found: 404,
      already_exists: 409,
      permission_denied: 403,
      resource_exhausted: 429,
      failed_precondition: 400,
      aborted: 409,
      out_of_range: 400,
      unimplemented: 404,
      internal: 500,
      unavailable: 503,
      data_loss: 500,
      unauthenticated: 401,
    });
  });

  it("has a code for every status, and believes a code that a body names", () => {
    for (let status = 400; status < 600; status++) expect(codes).toContain(codeOfStatus(status));
    expect(codeOfStatus(500, "data_loss")).toBe("data_loss");
    expect(codeOfStatus(503, "no such code")).toBe("unavailable");
  });
});
