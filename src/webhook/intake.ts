import type { Webhook } from "./webhook.ts";

/** When the caller of a job gets its answer: see `mode` of a route's config. */
export type IntakeMode = "live" | "async" | "live-else-inbox";

/** How a route takes in the jobs of HTTP callers. */
export interface Intake {
  readonly mode: IntakeMode;
  /** Whoever signs as it does needs no key, and nobody else gets in. */
  readonly webhook: Webhook | undefined;
  /** Key of the metadata in whose values kept jobs are ordered. */
  readonly orderBy: string | undefined;
}
