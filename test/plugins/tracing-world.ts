import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { eventuallyTrue } from "../support/eventually.ts";

const exporter = new InMemorySpanExporter();

/** Registers OpenTelemetry with a provider that keeps spans in memory, for the whole test file. */
export function registerTelemetry(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
}

/** The spans that have ended since the last look, once there are `count` of them. */
export async function endedSpans(count: number): Promise<ReadableSpan[]> {
  await eventuallyTrue(`${count} spans end`, () => exporter.getFinishedSpans().length >= count);
  const spans = exporter.getFinishedSpans();
  exporter.reset();
  return spans;
}

/** The spans from the child of `parent` (undefined: from the root) down; fails when they are no single line of parents and children. */
export function lineOf(spans: readonly ReadableSpan[], parent?: string): string[] {
  const line: ReadableSpan[] = [];
  for (let above = parent; ; above = line.at(-1)!.spanContext().spanId) {
    const below = spans.filter(({ parentSpanContext }) => parentSpanContext?.spanId === above);
    if (below.length > 1) throw new Error(`${above ?? "no span"} has ${below.length} children`);
    if (below.length === 0) break;
    line.push(below[0]!);
  }
  const traces = new Set(spans.map((span) => span.spanContext().traceId));
  if (line.length !== spans.length || traces.size !== 1) throw new Error(`${spans.length - line.length} spans are beside the line`);
  return line.map(({ kind, name }) => `${["internal", "server", "client"][kind]} ${name}`);
}
