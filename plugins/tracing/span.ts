import { type Attributes, type Span, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import { type GateError, methodOf, serviceOf } from "unigate/transport";

/** Of whatever provider the program has registered; spans of a program without one cost next to nothing and go nowhere. */
export function tracer(): Tracer {
  return trace.getTracer("unigate");
}

/** What every span of a job says: OpenTelemetry's attributes for remote calls. */
export function attributesOf(target: string): Attributes {
  return { "rpc.system": "gate", "rpc.service": serviceOf(target), "rpc.method": methodOf(target) };
}

/** Ends a span, as failed when there is an error. */
export function endSpan(span: Span, error: Pick<GateError, "code" | "message"> | undefined): void {
  if (error !== undefined) {
    span.setAttribute("error.type", error.code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  span.end();
}
