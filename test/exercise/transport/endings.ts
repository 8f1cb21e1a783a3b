import { currentJob, defineService } from "unigate";
import { describe, expect, it } from "vitest";
import { type Carrier, eventually, gateway, World } from "./world.ts";

/** Cancellation, deadlines, drain, oversize and order. */
export function exerciseEndings(carrier: Carrier): void {
  const { queues } = carrier.capabilities;
  describe("a cancelled call", () => {
    it("ends at once, aborts its handler's signal, and gives the worker's place back", async () => {
      await using world = await World.create(carrier);
      const aborted = gateway<string>();
      await world.worker(
        defineService("slow", {
          wait: () =>
            new Promise((_, reject) => {
              const { signal } = currentJob();
              signal.addEventListener("abort", () => {
                aborted.resolve((signal.reason as { code: string }).code);
                reject(signal.reason as Error);
              });
            }),
        }),
      );
      const client = await world.client();
      const abort = new AbortController();
      const call = Promise.resolve(client.call("slow.wait", [], { signal: abort.signal }));
      await eventually("it runs", () => world.inFlight() === 1);
      abort.abort();
      await expect(call).rejects.toMatchObject({ code: "cancelled" });
      expect(await aborted.promise).toBe("cancelled");
      await eventually("its place is given back", () => world.inFlight() === 0);
    });

    it("that was aborted before it was sent never reaches a worker", async () => {
      await using world = await World.create(carrier);
      let runs = 0;
      await world.worker(defineService("s", { run: () => ++runs }));
      const client = await world.client();
      await expect(Promise.resolve(client.call("s.run", [], { signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: "cancelled" });
      expect(await client.call("s.run")).toBe(1);
    });

    it.skipIf(queues !== undefined)(
      `leaves the queue when it waits there${queues === undefined ? "" : ` (skipped: ${queues.skip})`}`,
      async () => {
        await using world = await World.create(carrier);
        const release = gateway();
        const seen: unknown[] = [];
        await world.worker(
          defineService("s", {
            run: async (name: string) => {
              seen.push(name);
              await release.promise;
            },
          }),
          { concurrency: 1 },
        );
        const client = await world.client();
        const first = client.call("s.run", ["first"]);
        await eventually("the first runs", () => world.inFlight() === 1);
        const second = client.call("s.run", ["second"]);
        const third = client.call("s.run", ["third"]);
        await eventually("two wait", () => world.gate.status.queues()[0]?.depth === 2);
        second.cancel();
        await eventually("one waits", () => world.gate.status.queues()[0]?.depth === 1);
        release.resolve();
        await Promise.all([first, third]);
        expect(seen).toEqual(["first", "third"]);
      },
    );
  });

  describe("a deadline", () => {
    it("ends the call at its caller and aborts the handler, as time left on every hop", async () => {
      await using world = await World.create(carrier);
      const aborted = gateway<string>();
      const left = gateway<number>();
      await world.worker(
        defineService("slow", {
          wait: () => {
            const job = currentJob();
            left.resolve(job.timeLeft());
            return new Promise((_, reject) =>
              job.signal.addEventListener("abort", () => (aborted.resolve("aborted"), reject(job.signal.reason as Error))),
            );
          },
        }),
      );
      const client = await world.client();
      await expect(Promise.resolve(client.call("slow.wait", [], { timeout: 200 }))).rejects.toMatchObject({ code: "deadline_exceeded" });
      expect(await left.promise).toBeGreaterThan(0);
      expect(await left.promise).toBeLessThanOrEqual(200);
      expect(await aborted.promise).toBe("aborted");
      await eventually("its place is given back", () => world.inFlight() === 0);
    });

    it("of the route holds when the caller names none", async () => {
      await using world = await World.create(carrier, { routes: { "slow.*": { timeout: 100 } } });
      await world.worker(defineService("slow", { wait: () => new Promise(() => {}) }));
      const client = await world.client({ timeout: 0 });
      await expect(Promise.resolve(client.call("slow.wait"))).rejects.toMatchObject({
        code: "deadline_exceeded",
        message: expect.stringContaining("slow.wait"),
      });
    });
  });

  describe("a draining worker", () => {
    it("finishes what runs, and what comes then runs elsewhere", async () => {
      await using world = await World.create(carrier);
      const release = gateway();
      const leaving = await world.worker(defineService("s", { run: () => release.promise.then(() => "old") }), { id: "old" });
      const client = await world.client();
      const running = client.call("s.run");
      await eventually("it runs", () => leaving.inFlight === 1);
      const left = leaving.drain();
      await world.worker(defineService("s", { run: () => "new" }), { id: "new" });
      expect(await client.call("s.run")).toBe("new");
      release.resolve();
      expect(await running).toBe("old");
      await left;
      await eventually("it has left", () => world.gate.status.workers().every(({ id }) => id !== "old"));
    });

    it("hands back what it was sent and had not begun, and loses nothing of a stream of calls", async () => {
      await using world = await World.create(carrier);
      const make = (name: string) =>
        defineService("s", { run: async () => (await new Promise((resolve) => setTimeout(resolve, 2)), name) });
      const first = await world.worker(make("a"), { concurrency: 4 });
      await world.worker(make("b"), { concurrency: 4 });
      const client = await world.client();
      const calls = Promise.all(Array.from({ length: 300 }, async () => await client.call("s.run")));
      await eventually("it has work", () => first.inFlight > 0);
      await first.drain();
      expect(await calls).toHaveLength(300);
    });
  });

  describe("too large a payload", () => {
    it("is refused as resource_exhausted, as argument and as result, and the link goes on", async () => {
      await using world = await World.create(carrier, { maxPayload: "1mb" });
      await world.worker(defineService("s", { size: (bytes: Uint8Array) => bytes.length, make: (size: number) => Buffer.alloc(size) }));
      const client = await world.client();
      await expect(Promise.resolve(client.call("s.size", [Buffer.alloc(2 * 1024 * 1024)]))).rejects.toMatchObject({
        code: "resource_exhausted",
      });
      await expect(Promise.resolve(client.call("s.make", [2 * 1024 * 1024]))).rejects.toMatchObject({ code: "resource_exhausted" });
      expect(await client.call("s.size", [Buffer.alloc(1000)])).toBe(1000);
    });
  });

  describe("order", () => {
    it("jobs of one caller start at a worker of capacity one in the order of the calls", async () => {
      await using world = await World.create(carrier);
      const seen: number[] = [];
      await world.worker(defineService("s", { run: async (at: number) => void seen.push(at) }), { concurrency: 1 });
      const client = await world.client();
      await Promise.all(Array.from({ length: 200 }, async (_, at) => await client.call("s.run", [at])));
      expect(seen).toEqual(Array.from({ length: 200 }, (_, at) => at));
    });
  });

  describe("capacity", () => {
    it("is never exceeded, whatever the load, and ten thousand calls leave nothing behind", async () => {
      await using world = await World.create(carrier);
      let running = 0;
      let most = 0;
      await world.worker(
        defineService("s", {
          run: async () => {
            most = Math.max(most, ++running);
            await new Promise((resolve) => setImmediate(resolve));
            running--;
          },
        }),
        { concurrency: 10 },
      );
      const client = await world.client();
      await Promise.all(Array.from({ length: 10_000 }, async () => await client.call("s.run")));
      expect(most).toBe(10);
      expect(world.inFlight()).toBe(0);
      expect(world.gate.status.queues().every(({ depth, running: left }) => depth === 0 && left === 0)).toBe(true);
    });
  });
}
