import { GateError } from "../error/gate-error.ts";
import { DeadlineWheel } from "../job/deadline-wheel.ts";
import type { Clock } from "../observe/clock.ts";
import type { JobQuery, JobStore, JobStoreHost, JobStoreListener, Lease, TakenJob } from "./job-store.ts";
import { MemoryEntry } from "./memory-entry.ts";
import { MemoryLine } from "./memory-line.ts";
import { StateCounts } from "./state-counts.ts";
import { attemptsLost, deadlinePassed, keyTaken, storeFull } from "./store-refusals.ts";
import type { AsyncJobState, NewJob, StoredJob, StoredReply } from "./stored-job.ts";

/** Jobs in the memory of this process: they end with it. Every step costs O(1), a list O(jobs). */
export class MemoryJobStore implements JobStore {
  readonly #clock: Clock;
  readonly #maxWaiting: number;
  readonly #maxBytes: number;
  readonly #wheel: DeadlineWheel;
  /** In the order of acceptance. */
  readonly #entries = new Map<string, MemoryEntry>();
  readonly #keys = new Map<string, MemoryEntry>();
  readonly #lines = new Map<string, MemoryLine>();
  /** In the order of their end: what is forgotten first when room is needed. */
  readonly #ended = new Set<MemoryEntry>();
  readonly #listeners: JobStoreListener[] = [];
  readonly #counts = new StateCounts();
  #bytes = 0;

  constructor({ clock, maxWaiting }: Pick<JobStoreHost, "clock" | "maxWaiting">, maxBytes: number) {
    this.#clock = clock;
    this.#maxWaiting = maxWaiting;
    this.#maxBytes = maxBytes;
    this.#wheel = new DeadlineWheel(clock);
  }

  // Every method does its work at once, in one turn of the event loop: that makes the steps atomic.

  async submit(job: NewJob): Promise<{ job: StoredJob; isNew: boolean }> {
    const known = job.idempotencyKey === undefined ? undefined : this.#keys.get(keyOf(job.target, job.idempotencyKey));
    if (known !== undefined) {
      if (known.job.fingerprint !== job.fingerprint) throw keyTaken(job.idempotencyKey as string, known.job.id);
      return { job: this.#show(known), isNew: false };
    }
    if (this.#counts.waiting >= this.#maxWaiting) throw storeFull(`${this.#maxWaiting} jobs wait already, the bound of jobs.maxWaiting`);
    const entry = new MemoryEntry(job, this.#clock.now(), this.#clock.date(), (late) => this.#alarm(late));
    this.#makeRoom(entry.bytes);
    this.#entries.set(job.id, entry);
    if (job.idempotencyKey !== undefined) this.#keys.set(keyOf(job.target, job.idempotencyKey), entry);
    this.#counts.add("waiting", job.target);
    this.#bytes += entry.bytes;
    this.#enter(entry);
    return { job: this.#show(entry), isNew: true };
  }

  async take(target: string, limit: number, leaseMs: number): Promise<TakenJob[]> {
    const line = this.#lines.get(target);
    const taken: TakenJob[] = [];
    for (const entry of line?.takeable() ?? []) {
      if (taken.length >= limit) break;
      line?.withhold(entry);
      this.#move(entry, "running");
      entry.attempts++;
      entry.epoch++;
      entry.startedAt = this.#clock.date();
      this.#wakeIn(entry, leaseMs);
      const deadlineMs = entry.expiresAt - this.#clock.now();
      taken.push({ lease: { id: entry.job.id, epoch: entry.epoch }, job: this.#show(entry), deadlineMs });
    }
    return taken;
  }

  async extend(leases: readonly Lease[], leaseMs: number): Promise<Lease[]> {
    return leases.filter((lease) => {
      const entry = this.#leased(lease);
      if (entry !== undefined) this.#wakeIn(entry, leaseMs);
      return entry === undefined;
    });
  }

  async complete(lease: Lease, reply: StoredReply): Promise<boolean> {
    const entry = this.#leased(lease);
    if (entry === undefined) return false;
    this.#bytes -= entry.bytes;
    entry.reply = reply;
    this.#bytes += entry.bytes;
    entry.error = undefined;
    this.#end(entry, "completed");
    this.#forgetOldest(0);
    return true;
  }

  async putBack(lease: Lease, error: GateError, delayMs: number, isCounted: boolean): Promise<boolean> {
    const entry = this.#leased(lease);
    if (entry === undefined) return false;
    if (isCounted && entry.attempts >= entry.maxAttempts) return this.bury(lease, error);
    entry.error = error.toWire();
    if (!isCounted) entry.attempts--;
    this.#waitAgain(entry, delayMs);
    return true;
  }

  async bury(lease: Lease, error: GateError): Promise<boolean> {
    const entry = this.#leased(lease);
    if (entry === undefined) return false;
    entry.error = error.toWire();
    this.#end(entry, "dead");
    return true;
  }

  async get(id: string): Promise<StoredJob | undefined> {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : this.#show(entry);
  }

  async list({ state, target, limit, after }: JobQuery): Promise<StoredJob[]> {
    const all = [...this.#entries.values()].toReversed();
    const start = after === undefined ? 0 : all.findIndex(({ job }) => job.id === after) + 1;
    const page: StoredJob[] = [];
    for (const entry of all.slice(start)) {
      if (page.length >= limit) break;
      const isWanted = (state === undefined || entry.state === state) && (target === undefined || entry.job.target === target);
      if (isWanted) page.push(this.#show(entry, false));
    }
    return page;
  }

  async counts(): Promise<Record<AsyncJobState, number>> {
    return this.#counts.byState();
  }

  async deadByTarget(): Promise<ReadonlyMap<string, number>> {
    return this.#counts.deadByTarget();
  }

  async cancel(id: string): Promise<StoredJob | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    if (!entry.hasEnded) {
      entry.error = new GateError("cancelled", "the job was cancelled").toWire();
      this.#end(entry, "cancelled");
    }
    return this.#show(entry);
  }

  async retry(id: string): Promise<StoredJob | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    if (entry.state === "dead" || entry.state === "cancelled") {
      if (this.#counts.waiting >= this.#maxWaiting) throw storeFull(`${this.#maxWaiting} jobs wait already, the bound of jobs.maxWaiting`);
      this.#ended.delete(entry);
      entry.attempts = 0;
      entry.expiresAt = Infinity;
      entry.endedAt = undefined;
      entry.dueAt = this.#clock.now();
      this.#move(entry, "waiting");
      this.#enter(entry);
    }
    return this.#show(entry);
  }

  async due(): Promise<string[]> {
    return [...this.#lines].filter(([, line]) => line.hasTakeable).map(([target]) => target);
  }

  listen(listener: JobStoreListener): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#wheel.close();
  }

  /** Puts a waiting job into its line, and offers it once nothing is before it. */
  #enter(entry: MemoryEntry): void {
    if (this.#lineOf(entry).enter(entry)) this.#offer(entry);
    else this.#wakeAt(entry, entry.expiresAt);
  }

  #offer(entry: MemoryEntry): void {
    const isDue = entry.dueAt <= this.#clock.now();
    this.#wakeAt(entry, isDue ? entry.expiresAt : Math.min(entry.dueAt, entry.expiresAt));
    if (!isDue) return;
    this.#lineOf(entry).offer(entry);
    for (const listener of this.#listeners) listener.ready(entry.job.target);
  }

  #lineOf({ job }: MemoryEntry): MemoryLine {
    let line = this.#lines.get(job.target);
    if (line === undefined) this.#lines.set(job.target, (line = new MemoryLine()));
    return line;
  }

  #waitAgain(entry: MemoryEntry, delayMs: number): void {
    entry.dueAt = this.#clock.now() + delayMs;
    entry.epoch++;
    this.#move(entry, "waiting");
    this.#offer(entry);
  }

  #alarm(entry: MemoryEntry): void {
    const now = this.#clock.now();
    // Another alarm of the same moment has given it a new one.
    if (entry.deadline > now) return;
    if (entry.hasEnded) return this.#forget(entry);
    if (entry.state === "running") return this.#lapse(entry);
    if (entry.expiresAt <= now) {
      entry.error = deadlinePassed(entry.job.target).toWire();
      return this.#end(entry, "dead");
    }
    if (this.#lineOf(entry).isFirst(entry)) this.#offer(entry);
  }

  /** Whoever had it has not been heard of. */
  #lapse(entry: MemoryEntry): void {
    entry.error = attemptsLost(entry.attempts).toWire();
    if (entry.attempts >= entry.maxAttempts) this.#end(entry, "dead");
    else this.#waitAgain(entry, 0);
  }

  #end(entry: MemoryEntry, state: AsyncJobState): void {
    const { target, id, resultTtlMs } = entry.job;
    entry.epoch++;
    entry.endedAt = this.#clock.date();
    this.#move(entry, state);
    this.#ended.add(entry);
    this.#wakeIn(entry, resultTtlMs);
    const line = this.#lines.get(target);
    const next = line?.leave(entry);
    if (next !== undefined) this.#offer(next);
    if (line?.isEmpty === true) this.#lines.delete(target);
    for (const listener of this.#listeners) listener.ended(id);
  }

  #forget(entry: MemoryEntry): void {
    const { id, target, idempotencyKey } = entry.job;
    this.#wheel.remove(entry);
    this.#entries.delete(id);
    this.#ended.delete(entry);
    if (idempotencyKey !== undefined) this.#keys.delete(keyOf(target, idempotencyKey));
    this.#counts.remove(entry.state, target);
    this.#bytes -= entry.bytes;
  }

  /** Forgets what ended first, until `bytes` more fit; throws when all that has ended is not enough. */
  #makeRoom(bytes: number): void {
    this.#forgetOldest(bytes);
    if (this.#bytes + bytes > this.#maxBytes) throw storeFull(`the jobs hold ${this.#bytes} bytes, the bound of memoryJobs({ maxBytes })`);
  }

  #forgetOldest(bytes: number): void {
    for (const entry of this.#ended) {
      if (this.#bytes + bytes <= this.#maxBytes) return;
      this.#forget(entry);
    }
  }

  #leased({ id, epoch }: Lease): MemoryEntry | undefined {
    const entry = this.#entries.get(id);
    return entry?.state === "running" && entry.epoch === epoch ? entry : undefined;
  }

  #move(entry: MemoryEntry, state: AsyncJobState): void {
    this.#counts.remove(entry.state, entry.job.target);
    this.#counts.add(state, entry.job.target);
    entry.state = state;
  }

  #wakeIn(entry: MemoryEntry, ms: number): void {
    this.#wakeAt(entry, this.#clock.now() + ms);
  }

  #wakeAt(entry: MemoryEntry, at: number): void {
    this.#wheel.remove(entry);
    entry.deadline = at;
    this.#wheel.add(entry);
  }

  #show(entry: MemoryEntry, isWhole = true): StoredJob {
    const offset = this.#clock.date() - this.#clock.now();
    return entry.show((at) => Math.round(at + offset), isWhole);
  }
}

function keyOf(target: string, key: string): string {
  return `${target} ${key}`;
}
