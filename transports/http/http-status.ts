import { type Code, isCode } from "unigate/transport";

/** The one table of HTTP statuses, as the Connect protocol maps them. Source: https://connectrpc.com/docs/protocol#http-to-error-code. */
const statusOf: Readonly<Record<Code, number>> = {
  cancelled: 499,
  unknown: 500,
  invalid_argument: 400,
  deadline_exceeded: 504,
  not_found: 404,
  already_exists: 409,
  permission_denied: 403,
  resource_exhausted: 429,
  failed_precondition: 400,
  aborted: 409,
  out_of_range: 400,
  unimplemented: 404,
  internal: 500,
  unavailable: 503,
  data_loss: 500,
  unauthenticated: 401,
};

/** The HTTP status of an error code. */
export function httpStatus(code: Code): number {
  return statusOf[code];
}

/** The error code of an HTTP status that tells no code of its own. */
export function codeOfStatus(status: number, named?: unknown): Code {
  if (isCode(named)) return named;
  if (status === 400 || status === 414 || status === 415) return "invalid_argument";
  if (status === 401) return "unauthenticated";
  if (status === 403) return "permission_denied";
  if (status === 404 || status === 405) return "not_found";
  if (status === 408 || status === 504) return "deadline_exceeded";
  if (status === 409) return "aborted";
  if (status === 413 || status === 429 || status === 431) return "resource_exhausted";
  if (status === 499) return "cancelled";
  if (status === 502 || status === 503) return "unavailable";
  return status >= 500 ? "internal" : "unknown";
}
