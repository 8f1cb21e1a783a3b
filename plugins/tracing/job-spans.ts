import { context, SpanKind, trace } from "@opentelemetry/api";
import type { JobObserver } from "unigate/worker";
import { attributesOf, endSpan, tracer } from "./span.ts";
import { remoteContext } from "./trace-headers.ts";

/**
 * Gives each job of a worker a span, child of the gate's, which is the active one while the handler runs.
 *
 * A handler on a thread or in a process of its own has no active span; its `currentJob().metadata` has the gate's `traceparent`.
 *
 * @example
 * ```ts
 * import { createWorker, defineService } from "unigate";
 * import { jobSpans } from "unigate/plugins/tracing";
 *
 * const greeter = defineService("greeter", { hello: (name: string) => `Hello, ${name}` });
 * const worker = createWorker({ services: [greeter], observer: jobSpans() });
 * ```
 */
export function jobSpans(): JobObserver {
  return {
    begin({ id, target, metadata }) {
      const caller = remoteContext(metadata);
      const attributes = { ...attributesOf(target), "gate.job.id": id };
      const span = tracer().startSpan(target, { kind: SpanKind.SERVER, attributes }, caller);
      return { run: (start) => context.with(trace.setSpan(caller, span), start), ended: (error) => endSpan(span, error) };
    },
  };
}
