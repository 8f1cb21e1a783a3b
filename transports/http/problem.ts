import { STATUS_CODES } from "node:http";
import { type GateError, isKeyTaken } from "unigate/transport";
import { httpStatus } from "./http-status.ts";
import { loopStatus } from "./loop.ts";

/** An error as a response: RFC 9457 problem details, with our `code` as an extension member. */
export interface Problem {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Media type of problem details. */
export const problemType = "application/problem+json";

/** Makes the response of an error. `status` overrides the code's own, for HTTP's finer distinctions (405, 413). */
export function toProblem(error: GateError, requestId: string | undefined, status: number = statusOf(error)): Problem {
  const body = Buffer.from(toProblemText(error, requestId, status));
  const headers: Record<string, string> = { "content-type": problemType, "content-length": String(body.length) };
  if (requestId !== undefined) headers["x-request-id"] = requestId;
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="gate"';
  if (status === 429 || status === 503) headers["retry-after"] = String(retryAfterSeconds(error));
  return { status, headers, body };
}

/** The problem document of an error, for where it is not a response of its own. Never throws, whatever the details hold. */
export function toProblemText(error: GateError, requestId: string | undefined, status: number = statusOf(error)): string {
  const problem = {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Client Closed Request",
    status,
    detail: error.message,
    code: error.code,
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
  if (error.details === undefined) return JSON.stringify(problem);
  try {
    return JSON.stringify({ ...problem, details: error.details }, bigintAsText);
  } catch {
    // Details are the caller's bonus; the code and the message must arrive.
    return JSON.stringify(problem);
  }
}

function statusOf(error: GateError): number {
  // 422: the IETF draft of the Idempotency-Key header, section 2.7, wants it for a key that comes with other content.
  return loopStatus(error) ?? (isKeyTaken(error) ? 422 : httpStatus(error.code));
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function retryAfterSeconds({ details }: GateError): number {
  const ms = details?.["retryAfterMs"];
  return typeof ms === "number" && Number.isFinite(ms) ? Math.max(1, Math.ceil(ms / 1000)) : 1;
}
