import { defineService, method } from "unigate";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { openHttpDoor } from "../../support/http-door.ts";

const paths = ["GET /m", "POST /m", "DELETE /m", "PUT /m"];

describe("a request whose worker dies", () => {
  it.each([
    ["GET", {}, 200],
    ["HEAD", {}, 200],
    ["POST", {}, 503],
    ["PUT", {}, 503],
    ["DELETE", {}, 503],
    ["POST", { "x-idempotent": "true" }, 200],
    ["DELETE", { "x-idempotent": "true" }, 200],
  ])("is tried again only when it may run twice: %s %o is %i", async (verb, headers, status) => {
    const { gate, worker, url, join } = await openHttpDoor(
      defineService("i", { m: method({ http: paths }, () => new Promise<string>(() => {})) }),
    );
    const answer = fetch(`${url}/m`, { method: verb, headers: headers as Record<string, string> });
    await eventuallyTrue("it runs", () => worker.inFlight === 1);
    await join(defineService("i", { m: method({ http: paths }, () => "again") }), { id: "w2" });
    await worker.close();
    const response = await answer;
    expect(response.status).toBe(status);
    expect(response.headers.get("x-worker-id")).toBe(status === 200 ? "w2" : "w1");
    expect(gate.status.info().jobs.open).toBe(0);
  });
});
