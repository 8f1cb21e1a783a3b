import { GateError, isKeyTaken } from "unigate/transport";
import { describe, expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { longMs, newJob, type OpenStore, refusal, shortMs, stateOf, submit, takeOne } from "./world.ts";

const broken = new GateError("internal", "it broke");

/** What several who use one store at once can rely on. */
export function exerciseSharing(open: OpenStore): void {
  describe("leases", () => {
    it("let another taker have the job when they lapse, and the late answer is not believed", async () => {
      const { store, pass } = await open(10);
      const { id } = await submit(store);
      const late = await takeOne(store, shortMs);
      await pass(shortMs);
      await eventuallyTrue("the job is due again", async () => (await store.due()).includes("Mail.send"));
      const second = await takeOne(store);
      expect(second.job.id).toBe(id);
      expect(second.lease.epoch).toBeGreaterThan(late.lease.epoch);
      expect(await store.complete(late.lease, { head: [], payload: Buffer.from("late") })).toBe(false);
      expect(await store.putBack(late.lease, broken, 0, true)).toBe(false);
      expect(await store.bury(late.lease, broken)).toBe(false);
      expect(await stateOf(store, id)).toBe("running");
      expect(await store.complete(second.lease, { head: [], payload: Buffer.from("in time") })).toBe(true);
      expect(String((await store.get(id))?.reply?.payload)).toBe("in time");
    });

    it("hold for as long as they are prolonged", async () => {
      const { store, pass } = await open(10);
      await submit(store);
      const { lease } = await takeOne(store, shortMs);
      expect(await store.extend([lease], longMs)).toEqual([]);
      await pass(shortMs);
      expect(await store.due()).toEqual([]);
      expect(await store.complete(lease, { head: [] })).toBe(true);
    });

    it("that are lost are told when they should be prolonged", async () => {
      const { store } = await open(10);
      await submit(store);
      await submit(store);
      const [kept, lost] = (await store.take("Mail.send", 2, longMs)).map(({ lease }) => lease);
      await store.cancel(lost!.id);
      const gone = { id: "nobody", epoch: 1 };
      expect(await store.extend([kept!, lost!, gone], longMs)).toEqual([lost, gone]);
    });

    it("of a cancelled job are lost at once", async () => {
      const { store } = await open(10);
      const { id } = await submit(store);
      const { lease } = await takeOne(store);
      await store.cancel(id);
      expect(await store.complete(lease, { head: [] })).toBe(false);
      expect(await stateOf(store, id)).toBe("cancelled");
    });

    it("that lapse for the last time leave a dead job with its reason", async () => {
      const { store, pass } = await open(10);
      const { id } = await submit(store, { maxAttempts: 1 });
      await takeOne(store, shortMs);
      await pass(shortMs);
      await eventuallyTrue("it is dead", async () => (await store.due(), await stateOf(store, id)) === "dead");
      expect((await store.get(id))?.error).toMatchObject({ code: "aborted" });
    });
  });

  describe("order keys", () => {
    it("let one job run at a time, in the order of their acceptance, and others pass", async () => {
      const { store } = await open(10);
      const first = await submit(store, { orderKey: "a" });
      const second = await submit(store, { orderKey: "a" });
      const other = await submit(store, { orderKey: "b" });
      const taken = await store.take("Mail.send", 5, longMs);
      expect(taken.map(({ job }) => job.id)).toEqual([first.id, other.id]);
      expect(await store.take("Mail.send", 5, longMs)).toEqual([]);
      await store.complete(taken[0]!.lease, { head: [] });
      expect((await takeOne(store)).job.id).toBe(second.id);
    });

    it("hold back later jobs while an earlier one waits to be tried again", async () => {
      const { store, pass } = await open(10);
      const first = await submit(store, { orderKey: "a" });
      const second = await submit(store, { orderKey: "a" });
      await store.putBack((await takeOne(store)).lease, broken, shortMs, true);
      expect(await store.take("Mail.send", 5, longMs)).toEqual([]);
      await pass(shortMs);
      await store.due();
      const again = await takeOne(store);
      expect(again.job.id).toBe(first.id);
      await store.bury(again.lease, broken);
      expect((await takeOne(store)).job.id).toBe(second.id);
    });

    it("go on when the first of them is cancelled or passes its deadline", async () => {
      const { store, pass } = await open(10);
      const cancelled = await submit(store, { orderKey: "a" });
      const late = await submit(store, { orderKey: "a", deadlineMs: shortMs });
      const last = await submit(store, { orderKey: "a" });
      await store.cancel(cancelled.id);
      await pass(shortMs);
      await eventuallyTrue("the deadline has passed", async () => (await store.due(), await stateOf(store, late.id)) === "dead");
      expect((await takeOne(store)).job.id).toBe(last.id);
    });

    it("are of one target each", async () => {
      const { store } = await open(10);
      await submit(store, { orderKey: "a" });
      await submit(store, { orderKey: "a", target: "Sms.send" });
      expect(await store.take("Mail.send", 5, longMs)).toHaveLength(1);
      expect(await store.take("Sms.send", 5, longMs)).toHaveLength(1);
    });
  });

  describe("idempotency keys", () => {
    it("give the same job again, whatever has become of it", async () => {
      const { store } = await open(1);
      const init = { idempotencyKey: "once", fingerprint: "f" };
      const { id } = await submit(store, init);
      expect(await store.submit(newJob(init))).toMatchObject({ isNew: false, job: { id, state: "waiting" } });
      await store.complete((await takeOne(store)).lease, { head: [], payload: Buffer.from("done") });
      const again = await store.submit(newJob(init));
      expect(again).toMatchObject({ isNew: false, job: { id, state: "completed" } });
      expect(String(again.job.reply?.payload)).toBe("done");
    });

    it("are refused with other content, and count within their target", async () => {
      const { store } = await open(10);
      await submit(store, { idempotencyKey: "once", fingerprint: "f" });
      const error = await refusal(store.submit(newJob({ idempotencyKey: "once", fingerprint: "g" })));
      expect(error.code).toBe("already_exists");
      expect(isKeyTaken(error)).toBe(true);
      const elsewhere = await store.submit(newJob({ target: "Sms.send", idempotencyKey: "once", fingerprint: "g" }));
      expect(elsewhere.isNew).toBe(true);
    });

    it("make one job of many submits at once", async () => {
      const { store } = await open(10);
      const submits = Array.from({ length: 8 }, () => store.submit(newJob({ idempotencyKey: "once", fingerprint: "f" })));
      const outcomes = await Promise.all(submits);
      expect(new Set(outcomes.map(({ job }) => job.id)).size).toBe(1);
      expect(outcomes.filter(({ isNew }) => isNew)).toHaveLength(1);
    });
  });

  describe("lists", () => {
    it("show the latest first, by state and target, page by page, without payloads", async () => {
      const { store } = await open(10);
      const first = await submit(store);
      const second = await submit(store, { target: "Sms.send" });
      const third = await submit(store);
      await takeOne(store);
      const ids = async (query: Parameters<typeof store.list>[0]): Promise<string[]> => (await store.list(query)).map(({ id }) => id);
      expect(await ids({ limit: 10 })).toEqual([third.id, second.id, first.id]);
      expect(await ids({ limit: 2 })).toEqual([third.id, second.id]);
      expect(await ids({ limit: 2, after: second.id })).toEqual([first.id]);
      expect(await ids({ limit: 10, state: "waiting" })).toEqual([third.id, second.id]);
      expect(await ids({ limit: 10, target: "Mail.send" })).toEqual([third.id, first.id]);
      expect(await ids({ limit: 10, target: "Mail.send", state: "running" })).toEqual([first.id]);
      expect((await store.list({ limit: 1 }))[0]?.payload.length).toBe(0);
    });

    it("count the jobs of every state", async () => {
      const { store } = await open(10);
      const [, , , gone] = [await submit(store), await submit(store), await submit(store), await submit(store)];
      await store.cancel(gone.id);
      await store.complete((await takeOne(store)).lease, { head: [] });
      await store.bury((await takeOne(store)).lease, broken);
      expect(await store.counts()).toEqual({ waiting: 1, running: 0, completed: 1, dead: 1, cancelled: 1 });
    });

    it("count the dead jobs of each target, until they are retried or forgotten", async () => {
      const { store, pass } = await open(10);
      expect(await store.deadByTarget()).toEqual(new Map());
      const [first] = [await submit(store), await submit(store), await submit(store, { target: "Sms.send", resultTtlMs: shortMs })];
      for (const target of ["Mail.send", "Mail.send", "Sms.send"])
        for (const { lease } of await store.take(target, 1, longMs)) await store.bury(lease, broken);
      expect(await store.deadByTarget()).toEqual(
        new Map([
          ["Mail.send", 2],
          ["Sms.send", 1],
        ]),
      );
      await store.retry(first.id);
      await pass(shortMs);
      expect(await store.deadByTarget()).toEqual(new Map([["Mail.send", 1]]));
    });
  });
}
