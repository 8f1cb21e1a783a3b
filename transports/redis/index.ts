/** The Redis transport: gates, workers and callers that meet in a Redis and never reach each other otherwise. */
import type { Connector, GateHost, Transport } from "unigate/transport";
import { meetingUrl, redisFaults, type RedisOptions, redisSettings } from "./settings.ts";

export { redisJobs, type RedisJobsOptions } from "./jobs/redis-jobs.ts";
export { inspectRedis, type RedisCondition } from "./server/inspect-redis.ts";
export type { RedisOptions } from "./settings.ts";

/**
 * Opens a door on a Redis, for clients and workers that share it.
 *
 * @example
 * ```ts
 * import { defineConfig } from "unigate";
 * import { redis } from "unigate/redis";
 *
 * export default defineConfig({ transports: [redis({ url: "redis://127.0.0.1:6379" })] });
 * ```
 */
export function redis(options: RedisOptions): Transport {
  return {
    name: "redis",
    options,
    check: () => redisFaults(options),
    addresses: () => [{ url: meetingUrl(options), purpose: "clients and workers" }],
    async start(gate: GateHost) {
      const { openDoor } = await import("./door.ts");
      return openDoor(redisSettings(options), gate);
    },
  };
}

/** Meets a gate in a Redis, or does without one; loaded when the first link is made. */
export const connector: Connector = {
  connect: async (url, signal) => (await import("./connector.ts")).connector.connect(url, signal),
  connectWorker: async (url, signal) => (await import("./connector.ts")).connectWorker(url, signal),
};
