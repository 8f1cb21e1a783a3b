import { GateError } from "unigate/transport";

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** The `grpc-timeout` of a call in ms; `Infinity` without one, `invalid_argument` for a malformed one. Source: gRPC over HTTP/2, `Timeout`. */
export function parseTimeout(header: string | string[] | undefined): number {
  if (header === undefined) return Infinity;
  const [, amount, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  if (amount === undefined)
    throw new GateError(
      "invalid_argument",
      `grpc-timeout ${JSON.stringify(header)} is not a time; write at most eight digits and a unit, such as 30S`,
    );
  return Number(amount) * (unitMs[unit] as number);
}

/** Time left as a `grpc-timeout`, rounded up: eight digits at most. */
export function encodeTimeout(ms: number): string {
  const left = Math.max(1, Math.ceil(ms));
  if (left < 1e8) return `${left}m`;
  return `${Math.min(99_999_999, Math.ceil(left / 1000))}S`;
}
