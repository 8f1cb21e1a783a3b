import { type Span, SpanKind } from "@opentelemetry/api";
import { type Plugin, type PluginRun, serviceOf } from "unigate/transport";
import { attributesOf, endSpan, tracer } from "./span.ts";
import { remoteContext, withTraceHeaders } from "./trace-headers.ts";

/** The gate's own service: those who look at a gate are not its traffic. */
const controlService = "Gate";

/**
 * Gives each job a span at the gate: child of the caller's, parent of the worker's.
 *
 * The spans go to the provider that the program has registered with `@opentelemetry/api`. `traceparent` and `tracestate` come in as headers
 * or metadata on every transport, and go out the same way.
 *
 * @example
 * ```ts
 * import { defineConfig } from "unigate";
 * import { http } from "unigate/http";
 * import { tracing } from "unigate/plugins/tracing";
 *
 * export default defineConfig({ transports: [http()], plugins: [tracing()] });
 * ```
 */
export function tracing(): Plugin {
  return {
    name: "tracing",
    options: {},
    start() {
      const spans = new WeakMap<PluginRun, Span>();
      return {
        admitted(run) {
          const { job } = run;
          if (serviceOf(job.target) === controlService) return;
          const attributes = { ...attributesOf(job.target), "gate.job.id": job.id };
          const span = tracer().startSpan(job.target, { kind: SpanKind.SERVER, attributes }, remoteContext(job.metadata));
          spans.set(run, span);
          job.metadata = withTraceHeaders(job.metadata, span.spanContext());
        },
        dispatched(run, endpoint) {
          spans.get(run)?.addEvent("dispatched", { "gate.worker": endpoint.id, "gate.transport": endpoint.transport });
        },
        settled(run) {
          const span = spans.get(run);
          if (span === undefined) return;
          if (run.route !== undefined) span.setAttribute("gate.route", run.route);
          if (run.worker !== undefined) span.setAttribute("gate.worker", run.worker);
          span.setAttribute("gate.attempts", run.attempts);
          endSpan(span, run.error);
        },
      };
    },
  };
}
