import { GateError } from "../error/gate-error.ts";
import type { Job } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Logger } from "../observe/logger.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import { pinnedVersion } from "./pinned-version.ts";
import type { JobRun } from "./run.ts";
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

// Code of others must not break the path of a job.

/** Gives a job to its endpoint. A transport that throws has broken its contract: the job fails, and nothing else. */
export function sendTo(endpoint: Endpoint, job: Job, sink: ReplySink): JobControl | undefined {
  try {
    return endpoint.link.send(job, sink);
  } catch (error) {
    sink.fail(GateError.from(error, "internal"));
    return undefined;
  }
}

/** Tells the balancer that placed a job how it went. */
export function tellBalancer(run: JobRun, endpoint: Endpoint, logger: Logger): void {
  try {
    run.balancer?.settled?.(endpoint, run);
  } catch (error) {
    logger.error("a strategy threw when a job had settled", { route: run.target?.route.pattern, error: String(error) });
  }
}
