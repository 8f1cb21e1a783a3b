import { context, SpanKind } from "@opentelemetry/api";
import type { CallObserver } from "unigate/client";
import { attributesOf, endSpan, tracer } from "./span.ts";
import { withTraceHeaders } from "./trace-headers.ts";

/**
 * Gives each call of a client a span, child of the one that is active where the call is made.
 *
 * @example
 * ```ts
 * import { connect } from "unigate";
 * import { callSpans } from "unigate/plugins/tracing";
 *
 * const client = connect("tcp://127.0.0.1:5555", { observer: callSpans() });
 * ```
 */
export function callSpans(): CallObserver {
  return {
    begin({ target, metadata }) {
      const span = tracer().startSpan(target, { kind: SpanKind.CLIENT, attributes: attributesOf(target) }, context.active());
      return { metadata: withTraceHeaders(metadata, span.spanContext()), ended: (error) => endSpan(span, error) };
    },
  };
}
