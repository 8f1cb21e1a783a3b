import { GateError } from "../error/gate-error.ts";

const keyReused = "idempotency_key_reused";

/** As many jobs wait as may. */
export function storeFull(what: string): GateError {
  return new GateError("resource_exhausted", `${what}; try again later, add workers or raise the bound`, {
    details: { retryAfterMs: 5000 },
  });
}

/** The idempotency key belongs to another job. */
export function keyTaken(key: string, id: string): GateError {
  return new GateError("already_exists", `the idempotency key ${JSON.stringify(key)} came with other content before, as job ${id}`, {
    details: { reason: keyReused, job: id },
  });
}

/** Tells the refusal of `keyTaken` from any other. */
export function isKeyTaken(error: GateError): boolean {
  return error.details?.["reason"] === keyReused;
}

/** Its deadline passed before a worker had it. */
export function deadlinePassed(target: string): GateError {
  return new GateError("deadline_exceeded", `the deadline of ${target} passed while it waited for a worker`);
}

/** It was taken as often as it may, and never came to an end: it may be what kills its workers. */
export function attemptsLost(attempts: number): GateError {
  return new GateError("aborted", `its worker or its gate was lost in the last of ${attempts} attempts`);
}
