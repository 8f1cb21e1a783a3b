import { memoryJobs } from "unigate";
import { type JobStore, silentLogger } from "unigate/transport";
import { expect, it, onTestFinished } from "vitest";
import { exerciseJobStore } from "../../exercise/job-store/index.ts";
import { newJob, refusal, stateOf, submit, takeOne } from "../../exercise/job-store/world.ts";
import { ManualClock } from "../../support/manual-clock.ts";

async function open(maxWaiting: number, maxBytes = "1gb"): Promise<{ store: JobStore; clock: ManualClock }> {
  const clock = new ManualClock();
  const store = await memoryJobs({ maxBytes }).open({ clock, logger: silentLogger, maxWaiting });
  onTestFinished(async () => {
    await store.close();
    expect(clock.timers).toBe(0);
  });
  return { store, clock };
}

exerciseJobStore("in memory", async (maxWaiting) => {
  const { store, clock } = await open(maxWaiting);
  return {
    store,
    pass: (ms) => {
      // The wheel may be two ticks late.
      clock.advance(ms + 16);
      return Promise.resolve();
    },
  };
});

it("a store that is full forgets what ended first, and never what has not ended", async () => {
  const { store } = await open(100, "64kb");
  const payload = Buffer.alloc(20_000);
  const [first, second] = [await submit(store, { payload }), await submit(store, { payload })];
  for (const _job of [first, second]) await store.complete((await takeOne(store)).lease, { head: [] });
  const third = await submit(store, { payload });
  const fourth = await submit(store, { payload });
  expect(await stateOf(store, first.id)).toBeUndefined();
  expect(await stateOf(store, second.id)).toBe("completed");
  await submit(store, { payload });
  expect(await stateOf(store, second.id)).toBeUndefined();
  const error = await refusal(store.submit(newJob({ payload })));
  expect(error).toMatchObject({ code: "resource_exhausted", details: { retryAfterMs: 5000 } });
  for (const { id } of [third, fourth]) expect(await stateOf(store, id)).toBe("waiting");
});
