import { type ConfigFault, type JobStoreConfig, parseSize, type Size } from "unigate/transport";
import { redisFaults, redisSettings } from "../settings.ts";

/** Options of the job store in Redis. */
export interface RedisJobsOptions {
  /** Where it is, as in `redis({ url })`: a cluster or Sentinel too. */
  url: string;
  /** Begins every key; gates with the same one share their jobs. Default `"gate"`. */
  prefix?: string;
  /** Jobs that have ended and are kept, over all targets; default 100 000. What should be forgotten first goes first. */
  maxKept?: number;
  /** What all jobs and their results may hold together; default `"1gb"`. What should be forgotten first goes first. */
  maxBytes?: Size;
}

const defaultMaxKept = 100_000;
const defaultMaxBytes = 1024 ** 3;

/**
 * Keeps asynchronous jobs in a Redis (6.2 or newer, or Valkey), as durable as it is: with `appendfsync always`, what was accepted
 * survives a crash. Gates that name the same Redis and prefix share the jobs, and go on with those of one that is lost.
 *
 * @example
 * ```ts
 * import { defineConfig } from "unigate";
 * import { http } from "unigate/http";
 * import { redisJobs } from "unigate/redis";
 *
 * export default defineConfig({ transports: [http()], jobs: { store: redisJobs({ url: "redis://127.0.0.1:6379" }) } });
 * ```
 */
export function redisJobs(options: RedisJobsOptions): JobStoreConfig {
  return {
    name: "redis",
    options,
    check: () => faultsOf(options),
    async open(host) {
      const { address, prefix } = redisSettings(options);
      const { openRedisJobs } = await import("./redis-job-store.ts");
      return openRedisJobs(
        { address, prefix, maxKept: options.maxKept ?? defaultMaxKept, maxBytes: parseSize(options.maxBytes) ?? defaultMaxBytes },
        host,
      );
    },
  };
}

function faultsOf({ maxKept, maxBytes, ...options }: RedisJobsOptions): ConfigFault[] {
  const faults = redisFaults(options);
  if (maxKept !== undefined && !(Number.isInteger(maxKept) && maxKept >= 1))
    faults.push({ path: "maxKept", problem: `${JSON.stringify(maxKept)} is not a number of jobs`, remedy: "write 1 or more" });
  if (maxBytes !== undefined && !((parseSize(maxBytes) ?? 0) > 0))
    faults.push({ path: "maxBytes", problem: "is not a size above zero", remedy: 'write one such as "1gb"' });
  return faults;
}
