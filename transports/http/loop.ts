import { GateError } from "unigate/transport";
import type { RequestHead } from "./request-job.ts";

/** Loop Detected. Source: RFC 5842 section 7.2. */
const loopDetected = 508;

/** The name of a gate in `Via`, by which it knows its own requests when they come back. */
export function viaOf(gateId: string): string {
  return `gate-${gateId}`;
}

/** Throws for a request that this gate has sent itself. */
export function refuseLoop({ headers }: RequestHead, via: string): void {
  const hops = headers.via?.split(",") ?? [];
  if (hops.some((hop) => hop.trim().split(/\s+/)[1] === via))
    throw loopError("this request has come through this gate before; a service that it calls points back at it");
}

/** The error of what would go round for ever; HTTP callers see it as 508. */
export function loopError(message: string): GateError {
  return new GateError("failed_precondition", message, { details: { status: loopDetected } });
}

/** The status of an error that tells of a loop, also one that a service reports; undefined for any other. */
export function loopStatus({ code, details }: GateError): number | undefined {
  return code === "failed_precondition" && details?.["status"] === loopDetected ? loopDetected : undefined;
}
