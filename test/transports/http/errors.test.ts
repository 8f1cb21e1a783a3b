import { connect as dialTcp } from "node:net";
import { fifo } from "unigate";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { holding, json, open } from "./http-world.ts";

describe("an error", () => {
  it("is a problem document with code, detail and request id", async () => {
    const { url } = await open();
    const cases: [string, RequestInit, number, string][] = [
      ["t.broken", { method: "POST", headers: { "x-request-id": "r" } }, 500, "unknown"],
      ["t.nothing", { method: "POST" }, 404, "not_found"],
      ["t.add", json({ a: "x" }), 400, "invalid_argument"],
      ["t.echo", { method: "POST", headers: { "content-type": "application/json" }, body: "{bad" }, 400, "invalid_argument"],
      ["t.wait", { method: "POST", headers: { "x-timeout": "100ms" } }, 504, "deadline_exceeded"],
      ["t.echo", { method: "POST", headers: { "x-timeout": "soon" } }, 400, "invalid_argument"],
    ];
    for (const [target, init, status, code] of cases) {
      const response = await fetch(`${url}/call/${target}`, init);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({ status, code, title: expect.any(String), detail: expect.any(String) });
      expect(response.status).toBe(status);
    }
    expect(await (await fetch(`${url}/call/t.add`, json({ a: "x" }))).json()).toMatchObject({
      detail: expect.stringContaining("t.add: a: Invalid input: expected number"),
      details: { faults: [expect.stringContaining("a:")] },
    });
  });

  it("of a body above bodyLimit is 413, and the connection's neighbours go on", async () => {
    const { url } = await open({}, { bodyLimit: "10kb" });
    const response = await fetch(`${url}/call/t.echo`, json(["x".repeat(20_000)]));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
    expect(await (await fetch(`${url}/call/t.value`, json([1]))).json()).toBe(1);
  });

  it("of a full queue is 429 with Retry-After; of ten thousand jobs on a queue of a thousand, the thousand complete", async () => {
    const { gate, worker, url } = await open({ routes: { "t.slow": { queue: 1000, strategy: fifo(), timeout: 0 } } });
    const statuses = new Map<number, number>();
    const call = async (): Promise<void> => {
      const response = await fetch(`${url}/call/t.slow`, { method: "POST" });
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      if (response.status === 429) expect(response.headers.get("retry-after")).toBe("1");
      await response.text();
    };
    // One runs and a thousand wait; opened in batches, as a listen backlog takes no more at once.
    const held: Promise<void>[] = [];
    while (held.length < 1001) {
      held.push(...Array.from({ length: Math.min(143, 1001 - held.length) }, call));
      await eventuallyTrue("they wait", () => gate.status.queues()[0]?.depth === held.length - 1);
    }
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        while ((statuses.get(429) ?? 0) < 8950) await call();
      }),
    );
    expect(gate.status.queues()[0]).toMatchObject({ depth: 1000, refused: statuses.get(429) });
    const progress = { isOver: false };
    void Promise.all(held).then(() => (progress.isOver = true));
    while (!progress.isOver) {
      if (worker.inFlight > 0) holding.release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(statuses.get(200)).toBe(1001);
    expect(gate.status.info().jobs.open).toBe(0);
  }, 90_000);

  it("of what is not HTTP is an answer that says so", async () => {
    const { url } = await open();
    const answer = await new Promise<string>((resolve) => {
      const socket = dialTcp(Number(new URL(url).port), "127.0.0.1", () => socket.write("hello gate\r\n\r\n"));
      let text = "";
      socket.on("data", (data) => (text += data.toString()));
      socket.on("close", () => resolve(text));
    });
    expect(answer).toContain("400 Bad Request");
    expect(answer).toContain('"code":"invalid_argument"');
  });
});
