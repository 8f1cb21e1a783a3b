import type { Code } from "../error/code.ts";
import type { GateError } from "../error/gate-error.ts";
import type { Random } from "../observe/random.ts";

const longestMs = 300_000;

/**
 * How long a job waits after its `attempt`th failure, in ms: twice as long each time, five minutes at most, and of that a random half to
 * whole, so that jobs that failed together do not come back together ("equal jitter", AWS Architecture Blog, "Exponential Backoff And
 * Jitter", 2015).
 */
export function retryDelayMs(attempt: number, firstMs: number, random: Random): number {
  const whole = Math.min(longestMs, firstMs * 2 ** Math.min(30, attempt - 1));
  return Math.round(whole * (0.5 + random() / 2));
}

/** Failures that the same job would meet again, whoever runs it. */
const final: ReadonlySet<Code> = new Set([
  "invalid_argument",
  "not_found",
  "already_exists",
  "permission_denied",
  "failed_precondition",
  "out_of_range",
  "unimplemented",
  "unauthenticated",
]);

/** Tells whether a job that failed so is worth another attempt. */
export function isWorthRetrying({ code }: GateError): boolean {
  return !final.has(code);
}
