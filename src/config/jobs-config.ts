import { z } from "zod";
import type { JobSettings } from "../jobs/job-settings.ts";
import type { JobStoreConfig } from "../jobs/job-store.ts";
import { memoryJobs } from "../jobs/memory-jobs.ts";
import { type Duration, parseDuration } from "./duration.ts";

/** How a gate keeps asynchronous jobs. Everything has a default. */
export interface JobsConfig {
  /** Where they are kept; default `memoryJobs()`. Takes a restart to change. */
  store?: JobStoreConfig;
  /** How long a job and its result are kept after its end; default `"24h"`. */
  resultTtl?: Duration;
  /** How often a job that fails is tried before it is dead, the first time included; default 5. */
  maxAttempts?: number;
  /** Jobs that may wait at once; default 10 000. One more fails as `resource_exhausted`. */
  maxWaiting?: number;
  /** How long a job may wait for a worker when its caller does not say; default `"24h"`. */
  deadline?: Duration;
  /** Before the second attempt, doubled with each further one; default `"1s"`. */
  retryDelay?: Duration;
}

const duration = z.custom<Duration>((value) => (parseDuration(value) ?? 0) > 0, 'is not a duration above zero; write one such as "24h"');
const count = z.int("is not a whole number; write 1 or more").min(1, "is too small; write 1 or more");

type Loose<Config> = { [Key in keyof Config]?: Config[Key] | undefined };

// Each message is "problem; remedy".
const shape = z.strictObject(
  {
    store: z
      .custom<JobStoreConfig>(
        (value) => typeof value === "object" && value !== null && "open" in value && typeof value.open === "function",
        'is not a job store; import one, such as memoryJobs() from "unigate"',
      )
      .optional(),
    resultTtl: duration.optional(),
    maxAttempts: count.optional(),
    maxWaiting: count.optional(),
    deadline: duration.optional(),
    retryDelay: duration.optional(),
  },
  'is not an object; write jobs: { resultTtl: "1d" }',
);

/** What a config may say under `jobs`. */
export const jobsShape: z.ZodType<Loose<JobsConfig>> = shape;
/** The keys that it may have. */
export const jobsKeys: readonly string[] = Object.keys(shape.shape);

/** Fills in the defaults of a config that has no fault. */
export function toJobSettings(config: Loose<JobsConfig> = {}): JobSettings {
  return {
    store: config.store ?? memoryJobs(),
    resultTtlMs: parseDuration(config.resultTtl ?? "24h") as number,
    maxAttempts: config.maxAttempts ?? 5,
    maxWaiting: config.maxWaiting ?? 10_000,
    deadlineMs: parseDuration(config.deadline ?? "24h") as number,
    retryDelayMs: parseDuration(config.retryDelay ?? "1s") as number,
  };
}
