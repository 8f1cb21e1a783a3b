import type { Job } from "../job/job.ts";

/** The header that pins a job to a version of its workers, whatever the strategy. */
export const versionHeader = "x-api-version";

/** The version that the caller asked for, if any. */
export function pinnedVersion(job: Job): string | undefined {
  return job.metadata.size === 0 ? undefined : job.metadata.get(versionHeader);
}
