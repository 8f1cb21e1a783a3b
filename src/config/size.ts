/** A number of bytes, or text such as `"64kb"`, `"16mb"`, `"1gb"` (powers of 1024). */
export type Size = number | string;

const unitBytes: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** Bytes of a size, or undefined when it is none. */
export function parseSize(size: unknown): number | undefined {
  if (typeof size === "number") return Number.isInteger(size) && size >= 0 ? size : undefined;
  if (typeof size !== "string") return undefined;
  const [, amount, unit = "b"] = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?$/.exec(size.trim().toLowerCase()) ?? [];
  return amount === undefined ? undefined : Math.floor(Number(amount) * (unitBytes[unit] as number));
}
