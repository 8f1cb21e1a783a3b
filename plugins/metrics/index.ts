/** The metrics plugin: what a gate does, for Prometheus. */
import type { Plugin } from "unigate/transport";
import { checkOptions, type MetricsOptions, toSettings } from "./options.ts";

/**
 * Adds a page in the Prometheus text format to the HTTP door.
 *
 * @example
 * ```ts
 * import { defineConfig } from "unigate";
 * import { http } from "unigate/http";
 * import { metrics } from "unigate/plugins/metrics";
 *
 * export default defineConfig({ transports: [http()], plugins: [metrics()] });
 * ```
 */
export function metrics(options: MetricsOptions = {}): Plugin {
  const settings = toSettings(options);
  return {
    name: "metrics",
    options,
    pages: [{ path: settings.path, isPublic: settings.isPublic }],
    check: () => checkOptions(options),
    async start(gate) {
      // prom-client loads only for a gate that has this plugin.
      const { startMetrics } = await import("./start-metrics.ts");
      return startMetrics(settings, gate);
    },
  };
}

export type { MetricsOptions } from "./options.ts";
