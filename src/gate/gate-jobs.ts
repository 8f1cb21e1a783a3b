import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { notFound } from "../dispatch/refusals.ts";
import { GateError } from "../error/gate-error.ts";
import { serviceOf } from "../job/job.ts";
import { AsyncJobs, type JobsHost } from "../jobs/async-jobs.ts";
import type { JobSettings } from "../jobs/job-settings.ts";
import type { Registry } from "../registry/registry.ts";
import type { RouteTable } from "../routing/route-table.ts";
import { isControlTarget } from "./control-service.ts";

/** What the async jobs of a gate are made of. */
export interface JobParts extends Pick<JobsHost, "clock" | "random" | "logger"> {
  registry: Registry;
  dispatcher: Dispatcher;
  routes(): RouteTable;
  maxPayloadBytes(): number;
  /** After the start, targets that nobody knows are taken for ones whose workers are still on their way back, in ms. */
  settleMs: number;
}

/** Joins async jobs to the registry, which tells them of workers, and to the dispatcher, which runs each attempt. */
export function createGateJobs(parts: JobParts, settings: JobSettings): AsyncJobs {
  const { clock, registry, dispatcher } = parts;
  const settledAt = clock.now() + parts.settleMs;

  function refusalToWait(target: string): GateError | undefined {
    if (isControlTarget(target))
      return new GateError("permission_denied", `${target}: the gate's own methods answer at once, and take no jobs that wait`);
    const isKnown = registry.pool(target) !== undefined || parts.routes().match(target).pattern !== "*";
    if (isKnown || (clock.now() < settledAt && !registry.hasService(serviceOf(target)))) return undefined;
    return notFound(target, registry.pools.keys());
  }

  function roomFor(target: string): number {
    let room = 0;
    for (const endpoint of registry.pool(target)?.available ?? []) room += Math.max(0, endpoint.room);
    return room;
  }

  const jobs = new AsyncJobs(
    {
      clock,
      random: parts.random,
      logger: parts.logger,
      get maxPayloadBytes() {
        return parts.maxPayloadBytes();
      },
      dispatch: (job, sink) => dispatcher.dispatch(job, sink),
      roomFor,
      refusalToWait,
    },
    settings,
  );
  registry.listen({ available: (endpoint) => jobs.workerAvailable(endpoint.methods.keys()) });
  return jobs;
}
