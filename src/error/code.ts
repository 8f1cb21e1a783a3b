/**
 * How a job can fail: the sixteen gRPC status codes in lower snake case (`ok` is not an error).
 *
 * Source: https://grpc.io/docs/guides/status-codes/. The set is closed; every door maps it with one table of its own.
 */
export const codes = [
  "cancelled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
] as const;

/** One of the sixteen error codes. */
export type Code = (typeof codes)[number];

const known: ReadonlySet<string> = new Set(codes);

/** Tells whether `value` is one of the sixteen codes. */
export function isCode(value: unknown): value is Code {
  return typeof value === "string" && known.has(value);
}

const retryableCodes: ReadonlySet<Code> = new Set<Code>(["unavailable", "resource_exhausted", "aborted"]);

/** Tells whether the same call may succeed later without a change by the caller. */
export function isRetryable(code: Code): boolean {
  return retryableCodes.has(code);
}
