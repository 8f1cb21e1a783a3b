import { Registry } from "prom-client";
import type { PluginHooks, PluginHost } from "unigate/transport";
import { addGateMetrics } from "./gate-metrics.ts";
import { JobMetrics } from "./job-metrics.ts";
import { LabelBound } from "./label-bound.ts";
import type { MetricsSettings } from "./options.ts";

/** Begins to count. Every gate has figures of its own, and they begin at zero. */
export function startMetrics(settings: MetricsSettings, gate: PluginHost): PluginHooks {
  const registry = new Registry();
  const routes = new LabelBound(settings.maxRoutes);
  const jobs = new JobMetrics(registry, { settings, routes, clock: gate.clock });
  const stop = addGateMetrics(registry, { gate, settings, routes, jobs });
  return {
    settled: (run) => jobs.settled(run),
    page: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    close: stop,
  };
}
