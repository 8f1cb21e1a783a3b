import { createHash, randomBytes } from "node:crypto";
import { GateError } from "../error/gate-error.ts";
import { Job } from "../job/job.ts";
import { withPatience } from "../observe/clock.ts";
import { JobRunner, type RunnerHost } from "./job-runner.ts";
import type { JobSettings } from "./job-settings.ts";
import type { JobStore } from "./job-store.ts";
import { KeptCounts, type KeptJobs } from "./kept-counts.ts";
import { type AsyncJobState, hasEnded, type StoredJob } from "./stored-job.ts";

/** What async jobs need of their gate. */
export interface JobsHost extends Omit<RunnerHost, "retryDelayMs"> {
  /** Why no job of the target may wait, or undefined. */
  refusalToWait(target: string): GateError | undefined;
}

/** What may be said beside the job itself. */
export interface SubmitOptions {
  /** Submitting again under the same key gives the same job. */
  idempotencyKey?: string | undefined;
  /** The content under one key may differ: its sender answers for the key. */
  trustsKey?: boolean;
  /** Jobs of one target with the same key run one after the other. */
  orderKey?: string | undefined;
  /** Not before this has passed, in ms. */
  delayMs?: number | undefined;
}

/** A store that could not be reached for a while may not have told of an end. */
const lookAgainMs = 5000;

/** The asynchronous jobs of a gate: takes them in, tells of them, and lets a runner bring them to workers. */
export class AsyncJobs {
  readonly #host: JobsHost;
  #settings: JobSettings;
  #store: JobStore | undefined;
  #runner: JobRunner | undefined;
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #counts: KeptCounts;
  #isDraining = false;

  constructor(host: JobsHost, settings: JobSettings) {
    this.#host = host;
    this.#settings = settings;
    this.#counts = new KeptCounts(host.clock, () => this.store);
  }

  /** Opens the store; what an earlier gate has left in it goes on. */
  async open(): Promise<void> {
    const { clock, logger } = this.#host;
    const store = await this.#settings.store.open({ clock, logger, maxWaiting: this.#settings.maxWaiting });
    const runner = new JobRunner(this.#runnerHost(), store);
    store.listen({
      ready: (target) => runner.ready(target),
      ended: (id) => {
        runner.ended(id);
        for (const waiter of this.#waiters.get(id) ?? []) waiter();
      },
    });
    this.#store = store;
    this.#runner = runner;
  }

  /** Takes changed settings; the store stays, whatever they say. */
  change(settings: JobSettings): void {
    this.#settings = { ...settings, store: this.#settings.store };
  }

  /** The store; throws `unavailable` while it is not open. */
  get store(): JobStore {
    if (this.#store === undefined) throw new GateError("unavailable", "the gate keeps no jobs now; try again");
    return this.#store;
  }

  /** How many jobs are kept in each state, by every gate that shares the store. */
  async counts(): Promise<Record<AsyncJobState, number>> {
    return this.store.counts();
  }

  /** The same as the store told last, for those who cannot wait, and the bound on those that wait. */
  get kept(): KeptJobs {
    return { ...this.#counts.latest(), bound: this.#settings.maxWaiting };
  }

  /** Dead jobs by target, as old as `kept`. */
  get deadByTarget(): ReadonlyMap<string, number> {
    return this.#counts.deadByTarget;
  }

  /** Accepts a job; it is in the store when this resolves. Rejects with `not_found` for a target that nobody knows. */
  async submit(job: Job, options: SubmitOptions = {}): Promise<{ job: StoredJob; isNew: boolean }> {
    const refusal = this.#isDraining
      ? new GateError("unavailable", "the gate is draining; call another one")
      : this.#host.refusalToWait(job.target);
    if (refusal !== undefined) throw refusal;
    const { resultTtlMs, maxAttempts, deadlineMs } = this.#settings;
    const { idempotencyKey, orderKey, delayMs = 0, trustsKey = false } = options;
    return this.store.submit({
      id: randomBytes(16).toString("hex"),
      target: job.target,
      payload: job.payload,
      contentType: job.contentType,
      accept: job.accept,
      metadata: job.metadata,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey, fingerprint: trustsKey ? "" : fingerprintOf(job) }),
      ...(orderKey === undefined ? {} : { orderKey }),
      delayMs,
      deadlineMs: job.deadline === Infinity ? deadlineMs : job.deadline - this.#host.clock.now(),
      maxAttempts,
      resultTtlMs,
    });
  }

  /** The job, as soon as it has ended or `withinMs` have passed, whichever comes first; throws `not_found`. */
  async whenEnded(id: string, withinMs: number): Promise<StoredJob> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(resolve));
    try {
      const until = this.#host.clock.now() + withinMs;
      for (;;) {
        const job = await this.get(id);
        const leftMs = until - this.#host.clock.now();
        if (hasEnded(job.state) || leftMs <= 0) return job;
        await withPatience(promise, Math.min(leftMs, lookAgainMs), this.#host.clock);
      }
    } finally {
      waiters.delete(resolve);
      if (waiters.size === 0) this.#waiters.delete(id);
    }
  }

  /** The job of that id; throws `not_found`. */
  async get(id: string): Promise<StoredJob> {
    return found(id, await this.store.get(id));
  }

  /** Ends a job that has not ended, also while it runs; throws `not_found`. */
  async cancel(id: string): Promise<StoredJob> {
    return found(id, await this.store.cancel(id));
  }

  /** Lets a dead or cancelled job wait again; throws `not_found`. */
  async retry(id: string): Promise<StoredJob> {
    return found(id, await this.store.retry(id));
  }

  /** Submits the same content once more, as a new job, whatever became of the first one; throws `not_found`. */
  async replay(id: string): Promise<StoredJob> {
    const { target, payload, contentType, accept, metadata, orderKey } = await this.get(id);
    const again = new Job({ target, payload, contentType, accept, metadata: metadata.with({ "x-replay-of": id }, true) });
    return (await this.submit(again, { orderKey })).job;
  }

  /** A worker of these targets has room. */
  workerAvailable(targets: Iterable<string>): void {
    this.#runner?.available(targets);
  }

  /** Takes no further jobs, neither in nor to workers; those that run go on. */
  drain(): void {
    this.#isDraining = true;
    this.#runner?.drain();
  }

  /** Lets the store go, once what is known of the jobs that ran is in it, or `patienceMs` have passed. */
  async close(patienceMs: number): Promise<void> {
    this.drain();
    await this.#runner?.close(patienceMs);
    const store = this.#store;
    this.#store = undefined;
    await store?.close();
  }

  #runnerHost(): RunnerHost {
    const host = this.#host;
    const settings = (): JobSettings => this.#settings;
    return {
      ...host,
      get maxPayloadBytes() {
        return host.maxPayloadBytes;
      },
      get retryDelayMs() {
        return settings().retryDelayMs;
      },
    };
  }
}

function found(id: string, job: StoredJob | undefined): StoredJob {
  if (job !== undefined) return job;
  throw new GateError("not_found", `there is no job ${JSON.stringify(id)}, or it was kept as long as jobs.resultTtl says`);
}

function fingerprintOf({ payload, contentType }: Job): string {
  return createHash("sha256").update(contentType).update("\n").update(payload).digest("hex");
}
