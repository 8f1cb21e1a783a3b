import type { Job } from "../job/job.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import { pinnedVersion } from "./pinned-version.ts";
import type { Target } from "./target.ts";

/** Picks an endpoint for `job`, or undefined when it has to wait. */
export function choose(target: Target, job: Job): Endpoint | undefined {
  const { available } = target.pool;
  if (available.length === 0) return undefined;
  const version = pinnedVersion(job);
  if (version === undefined) return target.balancer.pick(available, job);
  const pinned = available.filter((endpoint) => endpoint.version === version);
  return pinned.length === 0 ? undefined : target.balancer.pick(pinned, job);
}
