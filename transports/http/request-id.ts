import { randomUUID } from "node:crypto";

// Random per process; the version digit is 8, which leaves the rest to us.
const prefix = randomUUID().slice(0, 24).replace(/-4/, "-8");
let lastNumber = 0;

/** A UUID for a request that brings no id: version 8 (RFC 9562 section 5.8), random per process and then counted, so it costs next to nothing. */
export function newRequestId(): string {
  return prefix + (++lastNumber).toString(16).padStart(12, "0");
}
