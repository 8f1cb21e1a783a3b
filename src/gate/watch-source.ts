import type { AsyncJobs } from "../jobs/async-jobs.ts";
import { version } from "../observe/version.ts";
import { ChangedRows } from "./changed-rows.ts";
import type { EventLog } from "./event-log.ts";
import type { StatusSource } from "./gate-status.ts";
import { Watch } from "./watch.ts";
import { jobFigures, poolTable, targetTable, workerTable } from "./watch-rows.ts";

/** Makes `Gate.watch` of the same source as the gate's status, and of the jobs that it keeps. */
export function createWatch(source: StatusSource, events: EventLog, jobs: Pick<AsyncJobs, "kept" | "deadByTarget">): Watch {
  const { clock } = source;
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
    readers: () => ({
      targets: new ChangedRows(targetTable(source, jobs)),
      workers: new ChangedRows(workerTable(source)),
      pools: new ChangedRows(poolTable(source)),
    }),
  });
}
