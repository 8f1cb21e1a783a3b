import { GateError, type JobStoreConfig } from "unigate/transport";
import { memoryJobs } from "unigate";

/** A store of jobs in memory that counts nothing while `isAway` says so. */
export function sometimesAway(isAway: () => boolean): JobStoreConfig {
  const store = memoryJobs();
  return {
    name: "sometimes away",
    async open(host) {
      const kept = await store.open(host);
      const counts = kept.counts.bind(kept);
      kept.counts = () => (isAway() ? Promise.reject(new GateError("unavailable", "away")) : counts());
      return kept;
    },
  };
}
