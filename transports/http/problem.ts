import { STATUS_CODES } from "node:http";
import type { GateError } from "unigate/transport";
import { httpStatus } from "./http-status.ts";

/** An error as a response: RFC 9457 problem details, with our `code` as an extension member. */
export interface Problem {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Media type of problem details. */
export const problemType = "application/problem+json";

/** Makes the response of an error. `status` overrides the code's own, for HTTP's finer distinctions (405, 413). */
export function toProblem(error: GateError, requestId: string | undefined, status: number = httpStatus(error.code)): Problem {
  const body = Buffer.from(
    JSON.stringify({
      type: "about:blank",
      title: STATUS_CODES[status] ?? "Client Closed Request",
      status,
      detail: error.message,
      code: error.code,
      ...(requestId === undefined ? {} : { request_id: requestId }),
      ...(error.details === undefined ? {} : { details: error.details }),
    }),
  );
  const headers: Record<string, string> = { "content-type": problemType, "content-length": String(body.length) };
  if (requestId !== undefined) headers["x-request-id"] = requestId;
  if (status === 429 || status === 503) headers["retry-after"] = String(retryAfterSeconds(error));
  return { status, headers, body };
}

function retryAfterSeconds({ details }: GateError): number {
  const ms = details?.["retryAfterMs"];
  return typeof ms === "number" ? Math.max(1, Math.ceil(ms / 1000)) : 1;
}
