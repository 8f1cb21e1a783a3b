import { Job } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import { type Clock, type Timer, withPatience } from "../observe/clock.ts";
import type { Logger } from "../observe/logger.ts";
import type { Random } from "../observe/random.ts";
import type { JobStore, Lease, TakenJob } from "./job-store.ts";
import { type AttemptOutcome, ReplyKeeper } from "./reply-keeper.ts";
import { isWorthRetrying, retryDelayMs } from "./retry-delay.ts";

/** A gate that is lost loses its jobs after this time, in ms. */
const leaseMs = 10_000;
const extendEveryMs = 3000;
/** Room can come without a word where workers are behind others. */
const lookForRoomMs = 1000;
/** Jobs that are taken from the store in one step. */
const mostAtOnce = 64;
/** Between two tries to store an answer, in ms. */
const storeRetryMs = 1000;

/** What a runner needs of its gate. */
export interface RunnerHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly maxPayloadBytes: number;
  /** Before the second attempt, in ms. */
  readonly retryDelayMs: number;
  dispatch(job: Job, sink: ReplySink): JobControl;
  /** Jobs of the target that its workers could begin now. */
  roomFor(target: string): number;
}

interface Running {
  taken: TakenJob;
  control: JobControl | undefined;
}

/**
 * Brings the jobs of a store to workers, when there are some with room.
 *
 * The order in which to read: the store tells `ready`, or a worker is `available` → `#pump` → `#start` → the dispatcher, like any job →
 * `#settle`. A job runs at least once; it ends once, because the store does not believe whoever has lost its lease.
 */
export class JobRunner {
  readonly #host: RunnerHost;
  readonly #store: JobStore;
  readonly #running = new Map<string, Running>();
  /** Targets of which the store may have jobs. */
  readonly #wanted = new Set<string>();
  readonly #timers: Timer[] = [];
  /** Work with the store that must not be left behind. */
  readonly #open = new Set<Promise<void>>();
  #isPumping = false;
  /** Something has changed since the pump last looked. */
  #isStale = false;
  #isDraining = false;
  #isClosed = false;

  constructor(host: RunnerHost, store: JobStore) {
    this.#host = host;
    this.#store = store;
    this.#timers.push(host.clock.every(extendEveryMs, () => this.#keep(this.#extend())));
    this.#timers.push(host.clock.every(lookForRoomMs, () => this.#wanted.size > 0 && this.#schedule()));
    if (store.pollMs !== undefined) this.#timers.push(host.clock.every(store.pollMs, () => this.#keep(this.#look())));
    this.#keep(this.#look());
  }

  /** A worker of these targets has room. */
  available(targets: Iterable<string>): void {
    if (this.#wanted.size === 0) return;
    for (const target of targets) if (this.#wanted.has(target)) return this.#schedule();
  }

  /** The store may have jobs of the target. */
  ready(target: string): void {
    this.#wanted.add(target);
    this.#schedule();
  }

  /** The job has ended in the store: an attempt that still runs is of no use. */
  ended(id: string): void {
    this.#running.get(id)?.control?.cancel("the job was cancelled");
  }

  /** Takes no further jobs; those that run go on. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Waits until what is known of the jobs that ran is in the store, for `patienceMs` at most. */
  async close(patienceMs: number): Promise<void> {
    this.#isDraining = true;
    this.#isClosed = true;
    for (const timer of this.#timers) timer.clear();
    await withPatience(Promise.all(this.#open), patienceMs, this.#host.clock);
  }

  #schedule(): void {
    this.#isStale = true;
    if (this.#isPumping || this.#isDraining) return;
    this.#isPumping = true;
    queueMicrotask(() => this.#keep(this.#pump()));
  }

  /** Takes jobs for as long as there are some, and workers with room for them. */
  async #pump(): Promise<void> {
    try {
      while (this.#isStale && !this.#isDraining) {
        this.#isStale = false;
        await this.#takeSome();
      }
    } finally {
      this.#isPumping = false;
    }
  }

  async #takeSome(): Promise<void> {
    for (const target of this.#wanted) {
      const limit = Math.min(mostAtOnce, this.#host.roomFor(target));
      if (limit <= 0 || this.#isDraining) continue;
      // Forgotten before the store is asked: what becomes ready meanwhile puts it back.
      this.#wanted.delete(target);
      const taken = await this.#take(target, limit);
      if (taken.length === limit) this.#wanted.add(target);
      for (const one of taken) this.#start(one);
    }
  }

  async #take(target: string, limit: number): Promise<TakenJob[]> {
    try {
      return await this.#store.take(target, limit, leaseMs);
    } catch (error) {
      this.#wanted.add(target);
      throw error;
    }
  }

  #start(taken: TakenJob): void {
    const { job, lease } = taken;
    const { clock, maxPayloadBytes } = this.#host;
    const running: Running = { taken, control: undefined };
    this.#running.set(lease.id, running);
    const sink = new ReplyKeeper(maxPayloadBytes, (outcome) => this.#keep(this.#settle(running, outcome)));
    const attempt = new Job({
      target: job.target,
      payload: job.payload,
      contentType: job.contentType,
      accept: job.accept,
      deadline: clock.now() + taken.deadlineMs,
      metadata: job.metadata.with({ "x-job-id": lease.id, "x-job-attempt": String(job.attempts) }, true),
    });
    running.control = this.#host.dispatch(attempt, sink);
  }

  async #settle(running: Running, outcome: AttemptOutcome): Promise<void> {
    const { lease, job } = running.taken;
    // The control of a job that has ended before `dispatch` returned is not there yet.
    await Promise.resolve();
    const worker = running.control?.worker;
    const write = (): Promise<boolean> => {
      if ("reply" in outcome) return this.#store.complete(lease, { ...outcome.reply, ...(worker === undefined ? {} : { worker }) });
      const { error } = outcome;
      const neverStarted = outcome.neverStarted || worker === undefined;
      if (!neverStarted && !isWorthRetrying(error)) return this.#store.bury(lease, error);
      const delayMs = retryDelayMs(Math.max(1, job.attempts), this.#host.retryDelayMs, this.#host.random);
      return this.#store.putBack(lease, error, delayMs, !neverStarted);
    };
    try {
      await this.#writeUntilLost(running.taken, write);
    } finally {
      if (this.#running.get(lease.id) === running) this.#running.delete(lease.id);
      this.#schedule();
    }
  }

  /** An answer that cannot be stored now is worth keeping for as long as the lease may hold. */
  async #writeUntilLost({ lease, job }: TakenJob, write: () => Promise<boolean>): Promise<void> {
    const { clock, logger } = this.#host;
    const giveUpAt = clock.now() + leaseMs;
    for (;;) {
      try {
        if (!(await write())) logger.info("a late answer was left out", { job: lease.id, target: job.target });
        return;
      } catch (error) {
        if (clock.now() >= giveUpAt || this.#isClosed) {
          logger.error("an answer could not be stored", { job: lease.id, target: job.target, error: String(error) });
          return;
        }
        await withPatience(new Promise(() => {}), storeRetryMs, clock);
      }
    }
  }

  async #extend(): Promise<void> {
    if (this.#running.size === 0) return;
    const leases: Lease[] = [...this.#running.values()].map(({ taken }) => taken.lease);
    const lost = await this.#store.extend(leases, leaseMs);
    for (const { id, epoch } of lost) {
      const running = this.#running.get(id);
      if (running?.taken.lease.epoch === epoch) running.control?.cancel("the job went on without this gate");
    }
  }

  async #look(): Promise<void> {
    for (const target of await this.#store.due()) this.#wanted.add(target);
    this.#schedule();
  }

  #keep(work: Promise<void>): void {
    const kept = work
      .catch((error: unknown) => this.#host.logger.warn("the job store failed", { error: String(error) }))
      .finally(() => this.#open.delete(kept));
    this.#open.add(kept);
  }
}
