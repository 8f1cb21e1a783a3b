import type { JobObserver } from "unigate/worker";
import { UserError } from "../user-error.ts";

/** The option of every command that runs handlers. */
export const traceOption = {
  trace: { type: "boolean", description: "give each job a span, for the OpenTelemetry provider that the files register" },
} as const;

/** What a worker is given under `--trace`. Rejects with a `UserError` where OpenTelemetry's API is not installed. */
export async function traceJobs(isWanted: boolean): Promise<{ observer?: JobObserver }> {
  if (!isWanted) return {};
  try {
    const { jobSpans } = await import("unigate/plugins/tracing");
    return { observer: jobSpans() };
  } catch (error) {
    throw new UserError("--trace needs OpenTelemetry's API, which is not installed", "npm install @opentelemetry/api", { cause: error });
  }
}
