import { type Size, parseSize } from "../config/size.ts";
import type { JobStoreConfig } from "./job-store.ts";
import { MemoryJobStore } from "./memory-store.ts";

/** Options of the store in memory. */
export interface MemoryJobsOptions {
  /** What the jobs and their results may hold together; default `"256mb"`. What ended first is forgotten first. */
  maxBytes?: Size;
}

const defaultMaxBytes = 256 * 1024 * 1024;

/**
 * Keeps asynchronous jobs in the memory of the gate: nothing to install, and gone when the gate ends.
 *
 * @example
 * ```ts
 * import { defineConfig, memoryJobs } from "unigate";
 * import { http } from "unigate/http";
 *
 * export default defineConfig({ transports: [http()], jobs: { store: memoryJobs({ maxBytes: "64mb" }), resultTtl: "1h" } });
 * ```
 */
export function memoryJobs(options: MemoryJobsOptions = {}): JobStoreConfig {
  return {
    name: "memory",
    options,
    check() {
      if (options.maxBytes === undefined || (parseSize(options.maxBytes) ?? 0) > 0) return [];
      return [{ path: "maxBytes", problem: "is not a size above zero", remedy: 'write one such as "256mb"' }];
    },
    open: (host) => Promise.resolve(new MemoryJobStore(host, parseSize(options.maxBytes) ?? defaultMaxBytes)),
  };
}
