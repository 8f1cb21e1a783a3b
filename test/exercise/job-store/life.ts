import { GateError, Metadata } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { listenTo, longMs, newJob, type OpenStore, refusal, shortMs, stateOf, submit, takeOne } from "./world.ts";

const broken = new GateError("internal", "it broke", { details: { why: "a test" } });

/** From the acceptance of a job to the end of its keeping. */
export function exerciseLife(open: OpenStore): void {
  describe("the life of a job", () => {
    it("is kept byte by byte, with its headers in their order, until it is taken", async () => {
      const { store } = await open(10);
      const payload = Uint8Array.of(0, 255, 10, 13, 0);
      const metadata = Metadata.fromFlat(["x-a", "1", "x-b", "2", "x-a", "3", "x-c-bin", Buffer.from([0, 200])]);
      const { job, isNew } = await store.submit(newJob({ payload, metadata, contentType: "image/png", accept: "text/plain" }));
      expect(isNew).toBe(true);
      expect(job).toMatchObject({ state: "waiting", attempts: 0, target: "Mail.send" });
      const taken = await takeOne(store);
      expect(taken.job).toMatchObject({ id: job.id, state: "running", attempts: 1, contentType: "image/png", accept: "text/plain" });
      expect([...taken.job.payload]).toEqual([...payload]);
      expect(taken.job.metadata.flat.map((one) => (typeof one === "string" ? one : Buffer.from(one).toString("hex"))).join(" ")).toBe(
        "x-a 1 x-b 2 x-a 3 x-c-bin 00c8",
      );
      expect(taken.deadlineMs).toBe(Infinity);
    });

    it("ends with its reply, which is kept as it came", async () => {
      const { store } = await open(10);
      const { id } = await submit(store);
      const { lease } = await takeOne(store);
      const reply = { head: [":status", "201"], chunks: [Buffer.from("a"), Buffer.from("b")], payload: Uint8Array.of(9), worker: "w1" };
      expect(await store.complete(lease, reply)).toBe(true);
      const job = await store.get(id);
      expect(job?.state).toBe("completed");
      expect(job?.reply).toMatchObject({ head: [":status", "201"], worker: "w1" });
      expect(job?.reply?.chunks?.map(String)).toEqual(["a", "b"]);
      expect([...(job?.reply?.payload ?? [])]).toEqual([9]);
      expect(job?.endedAt).toBeGreaterThanOrEqual(job?.submittedAt as number);
    });

    it("tells an empty reply from none", async () => {
      const { store } = await open(10);
      const empty = await submit(store);
      const none = await submit(store);
      await store.complete((await takeOne(store)).lease, { head: [], payload: Buffer.alloc(0) });
      await store.complete((await takeOne(store)).lease, { head: [] });
      expect((await store.get(empty.id))?.reply?.payload?.length).toBe(0);
      expect((await store.get(none.id))?.reply?.payload).toBeUndefined();
      expect((await store.get(none.id))?.reply?.chunks).toBeUndefined();
    });

    it("is taken oldest first, by one taker each, and only for its own target", async () => {
      const { store } = await open(10);
      const first = await submit(store);
      const second = await submit(store);
      const third = await submit(store);
      const other = await submit(store, { target: "Sms.send" });
      const [one, two] = await Promise.all([store.take("Mail.send", 2, longMs), store.take("Mail.send", 2, longMs)]);
      expect([...one, ...two].map(({ job }) => job.id)).toEqual([first.id, second.id, third.id]);
      expect(await store.take("Mail.send", 5, longMs)).toEqual([]);
      expect((await store.take("Sms.send", 5, longMs)).map(({ job }) => job.id)).toEqual([other.id]);
    });

    it("waits as long as it was told to, and no target has it due before", async () => {
      const { store, pass } = await open(10);
      await submit(store, { delayMs: shortMs });
      expect(await store.take("Mail.send", 1, longMs)).toEqual([]);
      expect(await store.due()).toEqual([]);
      const heard = listenTo(store);
      await pass(shortMs);
      expect(await store.due()).toEqual(["Mail.send"]);
      if (store.pollMs === undefined) expect(heard).toContain("ready Mail.send");
      expect(await store.take("Mail.send", 1, longMs)).toHaveLength(1);
      expect(await store.due()).toEqual([]);
    });

    it("is dead, and never run, once its deadline has passed while it waited", async () => {
      const { store, pass } = await open(10);
      const { id } = await submit(store, { deadlineMs: shortMs });
      await pass(shortMs);
      expect(await store.take("Mail.send", 1, longMs)).toEqual([]);
      expect(await store.get(id)).toMatchObject({ state: "dead", attempts: 0, error: { code: "deadline_exceeded" } });
    });

    it("tells its taker how much time is left", async () => {
      const { store } = await open(10);
      await submit(store, { deadlineMs: longMs });
      const { deadlineMs } = await takeOne(store);
      expect(deadlineMs).toBeGreaterThan(longMs - 10_000);
      expect(deadlineMs).toBeLessThanOrEqual(longMs);
    });

    it("waits again after a failure, for as long as it was told to, and keeps the reason", async () => {
      const { store, pass } = await open(10);
      const { id } = await submit(store);
      expect(await store.putBack((await takeOne(store)).lease, broken, shortMs, true)).toBe(true);
      expect(await store.get(id)).toMatchObject({ state: "waiting", attempts: 1, error: broken.toWire() });
      expect(await store.take("Mail.send", 1, longMs)).toEqual([]);
      await pass(shortMs);
      await store.due();
      const again = await takeOne(store);
      expect(again.job).toMatchObject({ id, attempts: 2 });
      await store.complete(again.lease, { head: [] });
      expect((await store.get(id))?.error).toBeUndefined();
    });

    it("is dead after its last attempt, with the reason, and no taker gets it again", async () => {
      const { store } = await open(10);
      const { id } = await submit(store, { maxAttempts: 2 });
      for (const _attempt of [1, 2]) await store.putBack((await takeOne(store)).lease, broken, 0, true);
      expect(await store.get(id)).toMatchObject({ state: "dead", attempts: 2, error: broken.toWire() });
      expect(await store.take("Mail.send", 1, longMs)).toEqual([]);
    });

    it("does not count an attempt that no worker has seen", async () => {
      const { store } = await open(10);
      const { id } = await submit(store, { maxAttempts: 1 });
      for (const _attempt of [1, 2, 3]) await store.putBack((await takeOne(store)).lease, broken, 0, false);
      expect(await store.get(id)).toMatchObject({ state: "waiting", attempts: 0 });
    });

    it("is dead at once when it is buried", async () => {
      const { store } = await open(10);
      const { id } = await submit(store);
      expect(await store.bury((await takeOne(store)).lease, broken)).toBe(true);
      expect(await store.get(id)).toMatchObject({ state: "dead", attempts: 1, error: broken.toWire() });
    });

    it("is forgotten when it has been kept as long as it should", async () => {
      const { store, pass } = await open(10);
      const { id } = await submit(store, { resultTtlMs: shortMs, idempotencyKey: "k", fingerprint: "f" });
      await store.complete((await takeOne(store)).lease, { head: [] });
      expect(await stateOf(store, id)).toBe("completed");
      await pass(shortMs);
      await eventuallyTrue("it is forgotten", async () => (await store.get(id)) === undefined);
      expect((await store.submit(newJob({ idempotencyKey: "k", fingerprint: "f" }))).isNew).toBe(true);
    });

    it("is cancelled while it waits, and nobody gets it", async () => {
      const { store } = await open(10);
      const { id } = await submit(store);
      expect(await store.cancel(id)).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
      expect(await store.take("Mail.send", 1, longMs)).toEqual([]);
      expect(await store.cancel("nobody")).toBeUndefined();
    });

    it("is not touched by a cancel after its end", async () => {
      const { store } = await open(10);
      const { id } = await submit(store);
      await store.complete((await takeOne(store)).lease, { head: [] });
      expect(await store.cancel(id)).toMatchObject({ state: "completed" });
    });

    it("starts anew when it is retried after its death", async () => {
      const { store } = await open(10);
      const { id } = await submit(store, { maxAttempts: 1, deadlineMs: longMs });
      await store.putBack((await takeOne(store)).lease, broken, 0, true);
      expect(await store.retry(id)).toMatchObject({ state: "waiting", attempts: 0, expiresAt: undefined, endedAt: undefined });
      expect((await takeOne(store)).job).toMatchObject({ id, attempts: 1 });
      expect(await store.retry(id)).toMatchObject({ state: "running" });
      expect(await store.retry("nobody")).toBeUndefined();
    });

    it("is told of when it may be taken and when it has ended", async () => {
      const { store } = await open(10);
      const heard = listenTo(store);
      const { id } = await submit(store);
      await eventuallyTrue("it is told of", () => heard.includes("ready Mail.send"));
      await store.complete((await takeOne(store)).lease, { head: [] });
      await eventuallyTrue("its end is told", () => heard.includes(`ended ${id}`));
    });
  });

  describe("bounds", () => {
    it("refuses one job more than may wait, and takes it when there is room", async () => {
      const { store } = await open(2);
      await submit(store);
      await submit(store);
      expect((await refusal(store.submit(newJob()))).code).toBe("resource_exhausted");
      await takeOne(store);
      await submit(store);
    });

    it("refuses to retry a dead job when as many wait as may", async () => {
      const { store } = await open(1);
      const { id } = await submit(store);
      await store.bury((await takeOne(store)).lease, broken);
      await submit(store);
      expect((await refusal(store.retry(id))).code).toBe("resource_exhausted");
    });
  });
}
