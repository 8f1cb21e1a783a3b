import { GateError } from "unigate/transport";

/**
 * Why there is no response: `refused` no connection came about; `timeout` the server was too slow; `garbage` what it said is not HTTP;
 * `closed` it broke off; `request` the request itself cannot be sent.
 */
export type UpstreamFailure = "refused" | "timeout" | "garbage" | "closed" | "request";

const said: Readonly<Record<UpstreamFailure, string>> = {
  refused: "cannot be reached",
  timeout: "took too long to answer",
  garbage: "answered with what is not HTTP",
  closed: "broke off",
  request: "was not asked, because the request cannot be sent",
};

/** The error of an exchange without a response; `details` has the upstream and the reason. */
export function upstreamError(upstream: string, reason: UpstreamFailure, cause: unknown): GateError {
  const code = reason === "timeout" ? "deadline_exceeded" : reason === "request" ? "invalid_argument" : "unavailable";
  const { message, code: causeCode } = cause as { message?: string; code?: string };
  const why = message || causeCode || String(cause);
  return new GateError(code, `upstream ${upstream} ${said[reason]}: ${why}`, { cause, details: { upstream, reason } });
}
