/** The middle of a list, and its ends. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

/** Median, least and most of some measurements; of none, nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  // Of an even count the middle is between two: taking the upper one would flatter every figure.
  const [low = 0, high = 0] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return { median: (low + high) / 2, least, most };
}

/** One median over another; nothing when either was not measured. */
export function ratioOf(above: Spread | undefined, below: Spread | undefined): number | undefined {
  return above === undefined || below === undefined ? undefined : above.median / below.median;
}
