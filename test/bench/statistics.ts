/** The middle of a list, and its ends. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

/** Median, least and most of some measurements; of none, zeros. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}
