import { defineService } from "unigate";
import { createGate } from "unigate/gate";
import { Job, type ReplySink } from "unigate/transport";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packMessage } from "../../../src/protocol/messages.ts";
import { RecordType } from "../../../src/protocol/record.ts";
import { RecordingSink } from "../../support/recording-sink.ts";
import { halfOpenWorker, rawAnswer, rawSession, rawTypes } from "./raw-peer.ts";
import { type Carrier, eventually, gateway, World } from "./world.ts";

const echo = defineService("echo", { echo: (value: unknown) => value });

/** Handshake, peer loss, silence, input streams and malformed frames. */
export function exerciseLinks(carrier: Carrier): void {
  describe("the handshake", () => {
    it("refuses a peer of another protocol version, and says so", async () => {
      await using world = await World.create(carrier);
      const answer = await rawAnswer(world, [
        { type: RecordType.hello, payload: packMessage({ version: 99, id: "x", incarnation: "1", agent: "" }) },
      ]);
      expect(answer).toMatchObject({ code: "failed_precondition", message: expect.stringContaining("version 99") });
    });

    it("refuses a peer that does not say hello first", async () => {
      await using world = await World.create(carrier);
      expect(await rawAnswer(world, [{ type: RecordType.ping, payload: new Uint8Array(0) }])).toMatchObject({
        code: "failed_precondition",
      });
    });

    it("skips records of a type it does not know", async () => {
      await using world = await World.create(carrier);
      const hello = packMessage({ version: 1, id: "x", incarnation: "1", agent: "" });
      const seen = await rawTypes(world, [
        { type: RecordType.hello, payload: hello },
        { type: 77, payload: Buffer.from("from the future") },
        { type: RecordType.ping, payload: new Uint8Array(0) },
      ]);
      expect(seen).toContain(RecordType.welcome);
      expect(seen).toContain(RecordType.pong);
      expect(seen).not.toContain(RecordType.goodbye);
    });

    it("refuses a worker that takes the gate's own service name", async () => {
      await using world = await World.create(carrier);
      await expect(world.worker(defineService("Gate", { info: () => 1 }))).rejects.toMatchObject({ code: "permission_denied" });
    });
  });

  describe("a malformed frame", () => {
    it("ends the session of the peer that sent it, with the reason, and disturbs nobody else", async () => {
      await using world = await World.create(carrier);
      await world.worker(echo);
      const client = await world.client();
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 100 }), async (bytes) => {
          const connection = await world.open();
          const closed = gateway();
          connection.open({ frame: () => {}, closed: () => closed.resolve() });
          connection.send(bytes);
          expect(await client.call("echo.echo", ["still here"])).toBe("still here");
          connection.close();
          await closed.promise;
        }),
        { numRuns: 30 },
      );
    });
  });

  describe("a peer that is gone", () => {
    const { cuts } = carrier.capabilities;
    const title = "fails the jobs of its worker as unavailable at once, and redoes idempotent ones on another";
    if (cuts !== true) it.skip(`${title} (skipped: ${cuts.skip})`, () => {});
    else {
      it(title, async () => {
        await using world = await World.create(carrier, { heartbeat: 100 });
        const started = gateway();
        const dying = await world.worker(
          defineService("s", { run: () => (started.resolve(), new Promise(() => {})), again: () => new Promise(() => {}) }),
          { id: "dying" },
        );
        const client = await world.client();
        const lost = Promise.resolve(client.call("s.run"));
        const redone = client.call("s.again", [], { idempotent: true });
        await started.promise;
        await world.worker(defineService("s", { run: () => "other", again: () => "redone" }), { id: "other" });
        await dying.close();
        await expect(lost).rejects.toMatchObject({ code: "unavailable" });
        expect(await redone).toBe("redone");
      });

      it("does so too when the connection ends without a goodbye, and takes the worker back in", async () => {
        await using world = await World.create(carrier, { heartbeat: 100 });
        const started = gateway();
        let cut = (): void => {};
        await world.worker(
          defineService("s", { run: (isFirst: boolean) => (isFirst ? (started.resolve(), new Promise(() => {})) : "back") }),
          {
            open: async () => {
              const connection = await world.open();
              cut = () => connection.close();
              return connection;
            },
          },
        );
        const client = await world.client();
        const lost = Promise.resolve(client.call("s.run", [true]));
        await started.promise;
        cut();
        await expect(lost).rejects.toMatchObject({ code: "unavailable" });
        expect(await client.call("s.run", [false])).toBe("back");
      });

      it("cancels the jobs of its client at their worker", async () => {
        await using world = await World.create(carrier, { heartbeat: 100 });
        const aborted = gateway();
        await world.worker(
          defineService("s", {
            async *run() {
              try {
                for (let at = 0; ; at++) {
                  yield at;
                  await new Promise((resolve) => setTimeout(resolve, 5));
                }
              } finally {
                aborted.resolve();
              }
            },
          }),
        );
        const client = await world.client();
        const reader = client.call("s.run")[Symbol.asyncIterator]();
        await reader.next();
        void client.close();
        await aborted.promise;
        await eventually("its place is given back", () => world.inFlight() === 0);
      });
    }

    it("is replaced by its own newer link", async () => {
      await using world = await World.create(carrier);
      const options = { id: "w", incarnation: "same" };
      const first = await rawSession(world, options);
      const second = await rawSession(world, options);
      await eventually("the first is closed", () => !first.isOpen);
      expect(second.isOpen).toBe(true);
    });
  });

  describe("a silent worker", () => {
    it("leaves rotation after three beats although it goes on talking, comes back when it answers, and its late answers reach nobody", async () => {
      await using world = await World.create(carrier, { heartbeat: 40, lostAfter: 6, routes: { "s.*": { waitForWorker: "5s" } } });
      const half = await halfOpenWorker(world);
      const client = await world.client();
      const given = Promise.resolve(client.call("s.run", ["early"]));
      await eventually("the job has arrived", () => half.jobs.length === 1);
      half.swallow(true);
      await eventually("it is down", () => world.gate.status.workers()[0]?.state === "down");
      await expect(given).rejects.toMatchObject({ code: "unavailable" });
      half.swallow(false);
      await eventually("it is back", () => world.gate.status.workers()[0]?.state === "ready");
      half.jobs[0]!.sink.end(Buffer.from("late"));
      const next = client.call("s.run", ["again"]);
      await eventually("the next has arrived", () => half.jobs.length === 2);
      half.jobs[1]!.sink.end(packMessage({ answer: "fresh" }));
      expect(await next).toEqual({ answer: "fresh" });
      expect(world.inFlight()).toBe(0);
    });
  });

  describe("a stream of input", () => {
    it("reaches the handler whole and in order, and is held up while the handler does not read", async () => {
      await using world = await World.create(carrier);
      const read = gateway();
      await world.worker(
        defineService("s", {
          collect: async () => {
            await read.promise;
            let text = "";
            for await (const chunk of (await import("unigate")).currentJob().input) text += `${Buffer.from(chunk).toString()},`;
            return text;
          },
        }),
      );
      const session = await rawSession(world, { id: "client", incarnation: "1" });
      const sink = new RecordingSink();
      let hasRoom = true;
      let sent = 0;
      const control = session.send(
        new Job({ target: "s.collect", payload: new Uint8Array(0), contentType: "application/json", streamsInput: true }),
        sinkWith(sink, () => (hasRoom = true)),
      );
      const total = 500;
      const pump = async (): Promise<void> => {
        while (sent < total) {
          if (hasRoom) hasRoom = control.input?.(Buffer.from(String(sent++))) ?? true;
          else await new Promise((resolve) => setTimeout(resolve, 1));
        }
        control.endInput?.();
      };
      const pumping = pump();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(sent).toBeLessThan(200);
      read.resolve();
      await pumping;
      await eventually("the answer is here", () => sink.hasEnded);
      expect(JSON.parse(sink.value ?? "null")).toBe(Array.from({ length: total }, (_, at) => `${at},`).join(""));
    });
  });

  describe("a gate that restarts", () => {
    it("gets its workers and clients back by themselves", async () => {
      const transports = carrier.transports();
      if (transports.length > 0) return;
      let current = createGate({
        transports: [{ name: "none", start: () => Promise.resolve({ addresses: [], drain: async () => {}, close: async () => {} }) }],
      });
      await current.start();
      const open = () => carrier.opener(current)();
      const { connect, createWorker } = await import("unigate");
      const worker = createWorker({ services: [echo], open });
      await worker.start();
      const client = connect("tcp://unused:1", { open });
      expect(await client.call("echo.echo", [1])).toBe(1);
      await current.close();
      current = createGate({
        transports: [{ name: "none", start: () => Promise.resolve({ addresses: [], drain: async () => {}, close: async () => {} }) }],
      });
      await current.start();
      expect(await client.call("echo.echo", [2])).toBe(2);
      await client.close();
      await worker.close();
      await current.close();
    });
  });
}

function sinkWith(sink: RecordingSink, drained: () => void): ReplySink {
  return {
    head: (head) => sink.head(head),
    chunk: (chunk) => sink.chunk(chunk),
    end: (payload) => sink.end(payload),
    fail: (error) => sink.fail(error),
    drained,
  };
}
