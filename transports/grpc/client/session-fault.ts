import { certificateFault, GateError } from "unigate/transport";

/** Why an HTTP/2 connection did not come about: `failed_precondition` when its certificate is why, as trying again helps nobody, else `unavailable`. */
export function sessionFault(what: string, error: Error): GateError {
  // A request that waited for the connection fails with an error of its own about it.
  const cause = error.cause instanceof Error ? error.cause : error;
  const { code } = cause as { code?: string };
  const fault = certificateFault(cause, ["grpcs://", "grpc://"]);
  if (fault !== undefined) return new GateError("failed_precondition", `${what}: ${fault}`, { cause });
  // Node wraps a refused connection in an AggregateError without a message.
  return new GateError("unavailable", `${what}: ${cause.message || code || "the connection failed"}`, { cause });
}
