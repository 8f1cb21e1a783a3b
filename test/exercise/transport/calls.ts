import { currentJob, defineService, GateError } from "unigate";
import { describe, expect, it } from "vitest";
import { type Carrier, eventually, World } from "./world.ts";

const echo = defineService("echo", {
  echo: (value: unknown) => value,
  sum: (...numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0),
  broken: () => {
    throw new RangeError("out of cheese");
  },
  typed: () => {
    throw new GateError("permission_denied", "not you", { details: { who: "you" } });
  },
  headers: () => currentJob().metadata.toObject(),
  async *count(to: number) {
    for (let at = 0; at < to; at++) yield at;
  },
  *half() {
    yield 1;
    yield 2;
    throw new Error("broke off");
  },
});

/** Unary calls, streams and errors. */
export function exerciseCalls(carrier: Carrier): void {
  describe("a call", () => {
    it("brings back every kind of value, falsy ones too", async () => {
      await using world = await World.create(carrier);
      await world.worker(echo);
      const api = (await world.client()).service("echo");
      for (const value of [0, "", [], {}, null, false, 1.5, "text", { deep: [{ a: 1 }] }, [1, [2]]])
        expect(await api["echo"]!(value)).toEqual(value);
      expect(await api["echo"]!()).toBeUndefined();
      expect(Buffer.from((await api["echo"]!(Buffer.from([0, 255, 1]))) as Uint8Array)).toEqual(Buffer.from([0, 255, 1]));
      expect(await api["sum"]!(1, 2, 3)).toBe(6);
    });

    it("carries five megabytes both ways", async () => {
      await using world = await World.create(carrier);
      await world.worker(echo);
      const client = await world.client();
      const bytes = Buffer.alloc(5 * 1024 * 1024, "gate");
      expect(Buffer.from(await client.call<Uint8Array>("echo.echo", [bytes])).equals(bytes)).toBe(true);
    });

    it("gets its own answer among five thousand at once", async () => {
      await using world = await World.create(carrier);
      await world.worker(echo, { concurrency: 500 });
      const client = await world.client();
      const answers = await Promise.all(Array.from({ length: 5000 }, async (_, at) => await client.call("echo.echo", [at])));
      expect(answers).toEqual(Array.from({ length: 5000 }, (_, at) => at));
      expect(world.inFlight()).toBe(0);
    });

    it("fails with the class and the message of what its handler threw", async () => {
      await using world = await World.create(carrier);
      await world.worker(echo);
      const client = await world.client();
      await expect(Promise.resolve(client.call("echo.broken"))).rejects.toMatchObject({
        code: "unknown",
        message: "out of cheese",
        details: { error: "RangeError" },
      });
      await expect(Promise.resolve(client.call("echo.typed"))).rejects.toMatchObject({
        code: "permission_denied",
        details: { who: "you" },
      });
    });

    it("of a target that nobody serves fails at once", async () => {
      await using world = await World.create(carrier);
      await world.worker(echo);
      const client = await world.client();
      await expect(Promise.resolve(client.call("echo.nothing"))).rejects.toMatchObject({ code: "not_found" });
    });

    it("brings its metadata to the handler", async () => {
      await using world = await World.create(carrier);
      await world.worker(echo);
      const client = await world.client({ metadata: { tenant: "t1" } });
      expect(await client.call("echo.headers", [], { metadata: { "X-Trace": ["a", "b"] } })).toMatchObject({
        tenant: "t1",
        "x-trace": ["a", "b"],
      });
    });
  });

  describe("a stream", () => {
    it("arrives whole and in order, also an empty one", async () => {
      await using world = await World.create(carrier);
      await world.worker(echo);
      const client = await world.client();
      for (const length of [0, 1, 10_000]) {
        const seen: unknown[] = [];
        for await (const value of client.call("echo.count", [length])) seen.push(value);
        expect(seen).toEqual(length === 0 ? [undefined] : Array.from({ length }, (_, at) => at));
      }
    });

    it("that breaks off delivers what it had, then the error", async () => {
      await using world = await World.create(carrier);
      await world.worker(echo);
      const client = await world.client();
      const seen: unknown[] = [];
      const reading = (async () => {
        for await (const value of client.call("echo.half")) seen.push(value);
      })();
      await expect(reading).rejects.toMatchObject({ message: "broke off" });
      expect(seen).toEqual([1, 2]);
    });

    it("does not mix with another on the same link", async () => {
      await using world = await World.create(carrier);
      await world.worker(echo);
      const client = await world.client();
      const streams = await Promise.all([50, 60, 70].map(async (length) => await client.call("echo.count", [length])));
      expect(streams).toEqual([50, 60, 70].map((length) => Array.from({ length }, (_, at) => at)));
    });

    it("whose reader leaves ends its generator, and its finally runs", async () => {
      await using world = await World.create(carrier);
      let isClosed = false;
      await world.worker(
        defineService("endless", {
          async *count() {
            try {
              for (let at = 0; ; at++) {
                yield at;
                await new Promise((resolve) => setTimeout(resolve, 1));
              }
            } finally {
              isClosed = true;
            }
          },
        }),
      );
      const client = await world.client();
      for await (const value of client.call("endless.count")) if (value === 3) break;
      await eventually("the generator is closed", () => isClosed);
      await eventually("its place is given back", () => world.inFlight() === 0);
    });

    it("is held up by a reader that does not read, and goes on when it does", async () => {
      await using world = await World.create(carrier);
      let made = 0;
      await world.worker(
        defineService("fast", {
          async *numbers() {
            while (made < 5000) {
              yield made;
              made++;
            }
          },
        }),
      );
      const client = await world.client();
      const reader = client.call("fast.numbers")[Symbol.asyncIterator]();
      expect((await reader.next()).value).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const whileHeld = made;
      expect(whileHeld).toBeLessThan(1000);
      let last: unknown;
      for (let next = await reader.next(); next.done !== true; next = await reader.next()) last = next.value;
      expect(last).toBe(4999);
    });
  });
}
