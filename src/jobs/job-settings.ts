import type { JobStoreConfig } from "./job-store.ts";

/** How a gate keeps asynchronous jobs, every default filled in. Times in ms. */
export interface JobSettings {
  store: JobStoreConfig;
  /** How long a job is kept after its end. */
  resultTtlMs: number;
  /** Workers that see a job that fails, before it is dead. */
  maxAttempts: number;
  /** Jobs that may wait at once. */
  maxWaiting: number;
  /** How long a job may wait when its caller does not say. */
  deadlineMs: number;
  /** Before the second attempt; it doubles with each further one. */
  retryDelayMs: number;
}
