import { GateError } from "unigate/transport";

/** Failures of `fetch` before a byte has left. */
const neverSent: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The error of a `fetch` that failed; `fetch` itself says no more than that, its cause says why. An aborted signal keeps its own words. */
export function unreachable(url: string, thrown: unknown): GateError {
  const known = GateError.from(thrown);
  if (known.code !== "unknown") return known;
  const { code, message } = causeOf(thrown);
  const why = message || code || known.message;
  return new GateError("unavailable", `${url} cannot be reached: ${why}`, { cause: thrown });
}

/** Tells whether a failed `fetch` has sent nothing, so that any request may be sent again. */
export function wasNeverSent({ cause }: GateError): boolean {
  return neverSent.has(causeOf(cause).code ?? "");
}

function causeOf(thrown: unknown): { code?: string; message?: string } {
  const { cause } = (thrown ?? {}) as { cause?: { code?: string; message?: string } };
  return cause ?? {};
}
