import type { JobSettings } from "../jobs/job-settings.ts";
import type { JobStoreConfig } from "../jobs/job-store.ts";
import { memoryJobs } from "../jobs/memory-jobs.ts";
import { type Duration, parseDuration } from "./duration.ts";
import { count, isObject, object, type Shape, that } from "./shape.ts";

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

const duration = that((value) => (parseDuration(value) ?? 0) > 0, 'is not a duration above zero; write one such as "24h"');

/** What a config may say under `jobs`; each message is "problem; remedy". */
export const jobsShape: Shape = object(
  {
    optional: {
      store: that(
        (value) => isObject(value) && typeof value["open"] === "function",
        'is not a job store; import one, such as memoryJobs() from "unigate"',
      ),
      resultTtl: duration,
      maxAttempts: count(1),
      maxWaiting: count(1),
      deadline: duration,
      retryDelay: duration,
    },
  },
  'is not an object; write jobs: { resultTtl: "24h" }',
);

/** Fills in the defaults of a config that has no fault. */
export function toJobSettings(config: JobsConfig = {}): JobSettings {
  return {
    store: config.store ?? memoryJobs(),
    resultTtlMs: parseDuration(config.resultTtl ?? "24h") as number,
    maxAttempts: config.maxAttempts ?? 5,
    maxWaiting: config.maxWaiting ?? 10_000,
    deadlineMs: parseDuration(config.deadline ?? "24h") as number,
    retryDelayMs: parseDuration(config.retryDelay ?? "1s") as number,
  };
}
