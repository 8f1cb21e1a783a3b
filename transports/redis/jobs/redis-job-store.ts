import {
  type AsyncJobState,
  asyncJobStates,
  GateError,
  type JobQuery,
  type JobStore,
  type JobStoreHost,
  type JobStoreListener,
  keyTaken,
  type Lease,
  type NewJob,
  type StoredJob,
  type StoredReply,
  storeFull,
  type TakenJob,
} from "unigate/transport";
import { type Argument, Commands, type Script } from "../server/commands.ts";
import { countsOf } from "../server/counts-of.ts";
import { closeClient, openClient, type RedisClient } from "../server/open-client.ts";
import type { RedisAddress } from "../settings.ts";
import { jobOfHash, jobOfList, pack } from "./job-fields.ts";
import * as scripts from "./job-scripts.ts";

/** What the store in Redis is made with. */
export interface RedisJobsSettings {
  address: RedisAddress;
  prefix: string;
  /** Jobs that have ended and are kept. */
  maxKept: number;
  /** What all jobs and their replies may hold together. */
  maxBytes: number;
}

/** Senders of webhooks give up after three seconds. */
const commandTimeoutMs = 2500;
/** How late a delayed job, a lapsed lease or a missed message may be noticed, in ms. */
const pollMs = 1000;

/** Opens the store; rejects with `unavailable` when Redis cannot be reached. */
export async function openRedisJobs(settings: RedisJobsSettings, host: JobStoreHost): Promise<JobStore> {
  const { address } = settings;
  const commands = await Commands.open(address, "gate-jobs", commandTimeoutMs);
  try {
    const events = await openClient(address, { reconnects: true, name: "gate-jobs-events" });
    return await RedisJobStore.open(commands, events, settings, host);
  } catch (error) {
    commands.close();
    throw GateError.from(error, "unavailable");
  }
}

/** Jobs in a Redis that gates may share: each step is one script, and one round trip. */
class RedisJobStore implements JobStore {
  readonly pollMs: number = pollMs;
  readonly #commands: Commands;
  readonly #events: RedisClient;
  readonly #base: string;
  readonly #bounds: readonly [maxKept: number, maxBytes: number];
  readonly #maxWaiting: number;
  readonly #listeners: JobStoreListener[] = [];

  static async open(commands: Commands, events: RedisClient, settings: RedisJobsSettings, host: JobStoreHost): Promise<RedisJobStore> {
    const store = new RedisJobStore(commands, events, settings, host);
    events.on("message", (_channel: string, message: string) => store.#hear(message));
    await events.subscribe(`${store.#base}:events`);
    return store;
  }

  private constructor(
    commands: Commands,
    events: RedisClient,
    { prefix, maxKept, maxBytes }: RedisJobsSettings,
    { maxWaiting }: JobStoreHost,
  ) {
    this.#commands = commands;
    this.#events = events;
    this.#base = `${prefix}:{jobs}`;
    this.#bounds = [maxKept, maxBytes];
    this.#maxWaiting = maxWaiting;
  }

  async submit(job: NewJob): Promise<{ job: StoredJob; isNew: boolean }> {
    const [outcome, found] = (await this.#run(scripts.submitScript, [
      this.#maxWaiting,
      job.id,
      job.target,
      job.payload,
      job.contentType,
      job.accept,
      pack(job.metadata.flat),
      ms(job.delayMs),
      job.deadlineMs === Infinity ? "" : ms(job.deadlineMs),
      job.maxAttempts,
      ms(job.resultTtlMs),
      ...[job.idempotencyKey, job.fingerprint, job.orderKey].map((text) => (text === undefined ? "" : `=${text}`)),
    ])) as [Buffer, Buffer[] | Buffer];
    const word = String(outcome);
    if (word === "full") throw this.#full();
    if (word === "heavy") throw storeFull(`the jobs hold ${this.#bounds[1]} bytes, the bound of redisJobs({ maxBytes })`);
    if (word === "taken") throw keyTaken(job.idempotencyKey as string, String(found));
    return { job: jobOfHash(found as Buffer[]) as StoredJob, isNew: word === "new" };
  }

  async take(target: string, limit: number, leaseMs: number): Promise<TakenJob[]> {
    const taken = (await this.#run(scripts.takeScript, [target, limit, ms(leaseMs)])) as [Buffer[], Buffer][];
    return taken.map(([hash, left]) => ({
      job: jobOfHash(hash) as StoredJob,
      lease: { id: fieldOf(hash, "id"), epoch: Number(fieldOf(hash, "epoch")) },
      deadlineMs: left.length === 0 ? Infinity : Number(left),
    }));
  }

  async extend(leases: readonly Lease[], leaseMs: number): Promise<Lease[]> {
    const args = leases.flatMap(({ id, epoch }) => [id, epoch]);
    const lost = (await this.#run(scripts.extendScript, [ms(leaseMs), ...args])) as number[];
    return lost.map((place) => leases[place - 1] as Lease);
  }

  async complete({ id, epoch }: Lease, reply: StoredReply): Promise<boolean> {
    return (await this.#run(scripts.completeScript, [id, epoch, pack(reply)])) === 1;
  }

  async putBack({ id, epoch }: Lease, error: GateError, delayMs: number, isCounted: boolean): Promise<boolean> {
    return (await this.#run(scripts.putBackScript, [id, epoch, textOf(error), ms(delayMs), isCounted ? 1 : 0])) === 1;
  }

  async bury({ id, epoch }: Lease, error: GateError): Promise<boolean> {
    return (await this.#run(scripts.buryScript, [id, epoch, textOf(error)])) === 1;
  }

  async get(id: string): Promise<StoredJob | undefined> {
    return jobOfHash((await this.#run(scripts.getScript, [id])) as Buffer[]);
  }

  async list({ state, target, limit, after }: JobQuery): Promise<StoredJob[]> {
    const found: StoredJob[] = [];
    let from = after === undefined ? "+inf" : await this.#placeAfter(after);
    while (from !== undefined) {
      const [next, ...rows] = (await this.#run(scripts.listScript, [state ?? "", target ?? "", limit - found.length, from])) as [
        Buffer,
        ...(Buffer | null)[][],
      ];
      found.push(...rows.map(jobOfList));
      from = next.length === 0 || String(next) === "full" ? undefined : String(next);
    }
    return found;
  }

  async counts(): Promise<Record<AsyncJobState, number>> {
    const counts = (await this.#run(scripts.countScript, [])) as number[];
    return Object.fromEntries(asyncJobStates.map((state, at) => [state, counts[at] ?? 0])) as Record<AsyncJobState, number>;
  }

  async deadByTarget(): Promise<ReadonlyMap<string, number>> {
    return countsOf(await this.#run(scripts.deadScript, []));
  }

  async cancel(id: string): Promise<StoredJob | undefined> {
    const error = new GateError("cancelled", "the job was cancelled");
    return jobOfHash((await this.#run(scripts.cancelScript, [id, textOf(error)])) as Buffer[]);
  }

  async retry(id: string): Promise<StoredJob | undefined> {
    const job = (await this.#run(scripts.retryScript, [id, this.#maxWaiting])) as Buffer[] | Buffer;
    if (!Array.isArray(job)) throw this.#full();
    return jobOfHash(job);
  }

  async due(): Promise<string[]> {
    return ((await this.#run(scripts.dueScript, [])) as Buffer[]).map(String);
  }

  listen(listener: JobStoreListener): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    closeClient(this.#events);
    this.#commands.close();
  }

  #run(script: Script, args: readonly Argument[]): Promise<unknown> {
    return this.#commands.script(script, [this.#base], [...this.#bounds, ...args]);
  }

  #hear(message: string): void {
    const subject = message.slice(1);
    for (const listener of this.#listeners) {
      if (message.startsWith("r")) listener.ready(subject);
      else listener.ended(subject);
    }
  }

  /** Undefined when that job is gone: nothing can be said to come after it. */
  async #placeAfter(id: string): Promise<string | undefined> {
    const seq = (await this.#commands.run("ZSCORE", `${this.#base}:all`, id)) as Buffer | null;
    return seq === null ? undefined : `(${String(seq)}`;
  }

  #full(): GateError {
    return storeFull(`${this.#maxWaiting} jobs wait already, the bound of jobs.maxWaiting`);
  }
}

function fieldOf(hash: readonly Buffer[], name: string): string {
  const at = hash.findIndex((field, place) => place % 2 === 0 && String(field) === name);
  return String(hash[at + 1]);
}

/** Redis' clock has whole milliseconds. */
function ms(duration: number): number {
  return Math.ceil(duration);
}

function textOf(error: GateError): string {
  return JSON.stringify(error.toWire());
}
