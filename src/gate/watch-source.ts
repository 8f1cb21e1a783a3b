import type { AsyncJobs } from "../jobs/async-jobs.ts";
import { version } from "../observe/version.ts";
import type { EventLog } from "./event-log.ts";
import { type StatusSource, workersOf } from "./gate-status.ts";
import { Watch } from "./watch.ts";
import { jobFigures, poolRows, targetRows, workerRows } from "./watch-rows.ts";

/** Makes `Gate.watch` of the same source as the gate's status, and of the jobs that it keeps. */
export function createWatch(source: StatusSource, events: EventLog, jobs: Pick<AsyncJobs, "kept">): Watch {
  const { clock, registry } = source;
  return new Watch({
    clock,
    events,
    gate() {
      const { name, id, state } = source.identity();
      return { name, id, version, state, transports: source.doors.transports };
    },
    figures() {
      const { user, system } = process.cpuUsage();
      return {
        uptimeMs: Math.round(clock.now() - source.identity().startedAt),
        process: { cpuMs: (user + system) / 1000, residentBytes: process.memoryUsage.rss() },
        jobs: jobFigures(source),
        kept: jobs.kept,
      };
    },
    targets: () => targetRows(source),
    workers: () => workerRows(workersOf(registry), source.identity().startedAt),
    pools: () => poolRows(source),
  });
}
