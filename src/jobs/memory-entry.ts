import type { DeadlineEntry } from "../job/deadline-wheel.ts";
import type { WireError } from "../error/gate-error.ts";
import { type AsyncJobState, hasEnded, type NewJob, type StoredJob, type StoredReply } from "./stored-job.ts";

/** One job in memory. It has one alarm at a time: what that means follows from its state. */
export class MemoryEntry implements DeadlineEntry {
  readonly job: NewJob;
  readonly submittedAt: number;
  state: AsyncJobState = "waiting";
  attempts = 0;
  /** Grows with every attempt and every end, and so fences whoever came before. */
  epoch = 0;
  maxAttempts: number;
  /** On the monotonic clock, in ms. */
  dueAt = 0;
  expiresAt: number;
  startedAt: number | undefined;
  endedAt: number | undefined;
  error: WireError | undefined;
  reply: StoredReply | undefined;

  deadline: number = Infinity;
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  readonly #onAlarm: (entry: MemoryEntry) => void;

  constructor(job: NewJob, now: number, date: number, onAlarm: (entry: MemoryEntry) => void) {
    this.job = job;
    this.submittedAt = date;
    this.maxAttempts = job.maxAttempts;
    this.dueAt = now + job.delayMs;
    this.expiresAt = now + job.deadlineMs;
    this.#onAlarm = onAlarm;
  }

  get hasEnded(): boolean {
    return hasEnded(this.state);
  }

  /** Bytes that it holds in memory, roughly. */
  get bytes(): number {
    let sum = 1024 + this.job.payload.length + (this.reply?.payload?.length ?? 0);
    for (const chunk of this.reply?.chunks ?? []) sum += chunk.length;
    return sum;
  }

  expire(): void {
    this.#onAlarm(this);
  }

  /** The job as others see it; `dateOf` turns a time on the monotonic clock into a date. */
  show(dateOf: (at: number) => number, isWhole: boolean): StoredJob {
    const { id, target, payload, contentType, accept, metadata, idempotencyKey, orderKey } = this.job;
    return {
      id,
      target,
      payload: isWhole ? payload : payload.subarray(0, 0),
      contentType,
      accept,
      metadata,
      idempotencyKey,
      orderKey,
      state: this.state,
      attempts: this.attempts,
      maxAttempts: this.maxAttempts,
      submittedAt: this.submittedAt,
      startedAt: this.startedAt,
      endedAt: this.endedAt,
      dueAt: this.state === "waiting" ? dateOf(this.dueAt) : undefined,
      expiresAt: this.expiresAt === Infinity ? undefined : dateOf(this.expiresAt),
      error: this.error,
      reply: isWhole ? this.reply : undefined,
    };
  }
}
