/** The tracing plugin: a job's way from caller to gate to worker, for OpenTelemetry. */
export { callSpans } from "./call-spans.ts";
export { tracing } from "./gate-spans.ts";
export { jobSpans } from "./job-spans.ts";
