import { GateError, type JobStore, type JobStoreListener, Metadata, type NewJob, type StoredJob } from "unigate/transport";
import { expect } from "vitest";

/** A store under test, and how its time passes. */
export interface StoreWorld {
  store: JobStore;
  /** Lets at least `ms` pass for the store. */
  pass(ms: number): Promise<void>;
}

/** Opens an empty store in which `maxWaiting` jobs may wait. */
export type OpenStore = (maxWaiting: number) => Promise<StoreWorld>;

/** Long enough that nothing lapses within a test that does not want it to. */
export const longMs = 60_000;
/** Short enough to wait for in a test of a store that has a clock of its own. */
export const shortMs = 120;

let made = 0;

/** A job of `Mail.send`, with what the test says instead. */
export function newJob(init: Partial<NewJob> = {}): NewJob {
  made++;
  return {
    id: `job-${made}-${Math.random().toString(36).slice(2)}`,
    target: "Mail.send",
    payload: Buffer.from(`payload ${made}`),
    contentType: "application/json",
    accept: "application/json",
    metadata: Metadata.empty,
    delayMs: 0,
    deadlineMs: Infinity,
    maxAttempts: 3,
    resultTtlMs: longMs,
    ...init,
  };
}

/** Submits a job of `Mail.send`, with what the test says instead. */
export async function submit(store: JobStore, init: Partial<NewJob> = {}): Promise<StoredJob> {
  return (await store.submit(newJob(init))).job;
}

/** Takes one job of `Mail.send`, which must be there. */
export async function takeOne(store: JobStore, leaseMs = longMs): Promise<Awaited<ReturnType<JobStore["take"]>>[number]> {
  const [taken] = await store.take("Mail.send", 1, leaseMs);
  if (taken === undefined) throw new Error("there is no job to take");
  return taken;
}

/** The state of a job; undefined when it is not there. */
export async function stateOf(store: JobStore, id: string): Promise<string | undefined> {
  return (await store.get(id))?.state;
}

/** The code with which a step is refused. */
export async function refusal(step: Promise<unknown>): Promise<GateError> {
  const outcome = await step.then(
    () => new Error("it was not refused"),
    (error: unknown) => error,
  );
  expect(GateError.is(outcome), String(outcome)).toBe(true);
  return outcome as GateError;
}

/** What a store tells, in order. */
export function listenTo(store: JobStore): string[] {
  const heard: string[] = [];
  const listener: JobStoreListener = {
    ready: (target) => void heard.push(`ready ${target}`),
    ended: (id) => void heard.push(`ended ${id}`),
  };
  store.listen(listener);
  return heard;
}
