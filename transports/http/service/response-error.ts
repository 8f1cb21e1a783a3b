import { type Code, GateError } from "unigate/transport";
import { codeOfStatus } from "../http-status.ts";

/** Letters of a service's own words that an error repeats. */
const longestText = 500;

/** The error of a response that is no success: the code of its status or of a problem document, and what the service says of it. */
export function errorOfResponse(status: number, body: string, who = "the service"): GateError {
  const { code, text } = readBody(body);
  // What goes elsewhere is not followed: a call is one request, and its answer would be another's.
  const known: Code = status < 400 ? "failed_precondition" : codeOfStatus(status, code);
  return new GateError(known, `${who} answered ${status}${text === "" ? "" : `: ${text}`}`, { details: { status } });
}

/** A problem document (RFC 9457), FastAPI's `detail`, or the `message` or `error` that most others write; else the body as it is. */
function readBody(body: string): { code: unknown; text: string } {
  const shortened = body.slice(0, longestText).trim();
  try {
    const { code, detail, message, error } = JSON.parse(body) as Record<string, unknown>;
    const text = [detail, message, error].find((one) => typeof one === "string");
    return { code, text: text === undefined ? shortened : text.slice(0, longestText) };
  } catch {
    return { code: undefined, text: shortened };
  }
}
