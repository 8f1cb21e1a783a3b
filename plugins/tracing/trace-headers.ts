import { type Context, createTraceState, isSpanContextValid, ROOT_CONTEXT, type SpanContext, trace, TraceFlags } from "@opentelemetry/api";
import type { Metadata } from "unigate/transport";

/** Version, trace id, span id, flags; a later version may say more after them. */
const traceparentPattern = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/**
 * The context in which a job was sent, from its `traceparent` and `tracestate`; a new trace begins without one that is valid.
 *
 * Source: W3C Trace Context, https://www.w3.org/TR/trace-context/
 */
export function remoteContext(metadata: Metadata): Context {
  const [, version, traceId, spanId, flags, more] = traceparentPattern.exec(metadata.get("traceparent")?.trim() ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const span: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  if ((version === "00" && more !== undefined) || !isSpanContextValid(span)) return ROOT_CONTEXT;
  const states = metadata.getAll("tracestate").filter((value) => typeof value === "string");
  if (states.length > 0) span.traceState = createTraceState(states.join(","));
  return trace.setSpanContext(ROOT_CONTEXT, span);
}

/** The metadata with the headers of a span, in place of those that it had; as it is when nobody traces. */
export function withTraceHeaders(metadata: Metadata, { traceId, spanId, traceFlags, traceState }: SpanContext): Metadata {
  if (!isSpanContextValid({ traceId, spanId, traceFlags })) return metadata;
  const flags = (traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, "0");
  const traceparent = `00-${traceId}-${spanId}-${flags}`;
  const tracestate = traceState?.serialize() ?? "";
  // That of a trace which is not ours must not go on; an empty one says nothing.
  const saysState = tracestate !== "" || metadata.get("tracestate") !== undefined;
  return metadata.with(saysState ? { traceparent, tracestate } : { traceparent }, true);
}
