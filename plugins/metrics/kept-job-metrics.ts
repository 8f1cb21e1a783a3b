import type { AsyncJobState, PluginHost } from "unigate/transport";
import type { AddGauge } from "./gauges.ts";

/** Adds the jobs that the gate keeps, and whether their store answers. */
export function addKeptJobMetrics(gauge: AddGauge, { jobs }: Pick<PluginHost, "jobs">): void {
  let asking: Promise<Record<AsyncJobState, number> | undefined> | undefined;
  /** One question for all who ask at the same time; undefined when the store does not answer. */
  const counts = (): NonNullable<typeof asking> => {
    asking ??= jobs
      .counts()
      .catch(() => undefined)
      .finally(() => (asking = undefined));
    return asking;
  };
  const help = "Jobs that are kept for callers who do not wait, by state; of every gate that shares the store. None while it is away.";
  gauge("gate_kept_jobs", help, ["state"], async (it) => {
    for (const [state, count] of Object.entries((await counts()) ?? {})) it.set({ state }, count);
  });
  gauge("gate_job_store_up", "1 while the store of the kept jobs answers, else 0.", [], async (it) =>
    it.set((await counts()) === undefined ? 0 : 1),
  );
}
