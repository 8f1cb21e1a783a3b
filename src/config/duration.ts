/** A length of time: milliseconds as a number, or text such as `"250ms"`, `"30s"`, `"2m"`, `"1.5h"`, `"1d"`. */
export type Duration = number | string;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration, or undefined when it is none. */
export function parseDuration(duration: unknown): number | undefined {
  if (typeof duration === "number") return Number.isFinite(duration) && duration >= 0 ? duration : undefined;
  if (typeof duration !== "string") return undefined;
  const [, amount, unit = "ms"] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(duration.trim()) ?? [];
  return amount === undefined ? undefined : Number(amount) * (unitMs[unit] as number);
}
