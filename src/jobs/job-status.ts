import type { WireError } from "../error/gate-error.ts";
import type { AsyncJobState, StoredJob } from "./stored-job.ts";

/** An asynchronous job as people and programs see it; dates as in ISO 8601. The result is added by whoever can read it. */
export interface AsyncJobStatus {
  id: string;
  target: string;
  state: AsyncJobState;
  attempts: number;
  maxAttempts: number;
  submittedAt: string;
  startedAt?: string;
  endedAt?: string;
  /** While it waits: not before then. */
  dueAt?: string;
  /** It is given up when it has not begun by then. */
  expiresAt?: string;
  idempotencyKey?: string;
  orderKey?: string;
  /** Who answered. */
  worker?: string;
  /** How the latest attempt failed. */
  error?: WireError;
}

/** What a stored job tells of itself. */
export function statusOf(job: StoredJob): AsyncJobStatus {
  const { id, target, state, attempts, maxAttempts, submittedAt } = job;
  const rest = {
    startedAt: isoDate(job.startedAt),
    endedAt: isoDate(job.endedAt),
    dueAt: isoDate(job.dueAt),
    expiresAt: isoDate(job.expiresAt),
    idempotencyKey: job.idempotencyKey,
    orderKey: job.orderKey,
    worker: job.reply?.worker,
    error: job.error,
  };
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { id, target, state, attempts, maxAttempts, submittedAt: isoDate(submittedAt) as string, ...known };
}

function isoDate(date: number | undefined): string | undefined {
  return date === undefined ? undefined : new Date(date).toISOString();
}
