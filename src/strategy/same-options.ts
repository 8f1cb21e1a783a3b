import { isDeepStrictEqual } from "node:util";
import type { Strategy } from "./strategy.ts";

/**
 * Tells whether two options mean the same, strategies in them included: what a changed config need not set up anew.
 *
 * Functions are the same only when they are one function.
 */
export function isSameOptions(one: unknown, other: unknown): boolean {
  if (isStrategy(one) && isStrategy(other)) return isSameStrategy(one, other);
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, at) => isSameOptions(item, other[at]));
  if (!isPlain(one) || !isPlain(other)) return isDeepStrictEqual(one, other);
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && isSameOptions(one[key], other[key]));
}

/** Tells whether two strategies choose alike, so that the state of one serves the other. */
export function isSameStrategy(one: Strategy, other: Strategy): boolean {
  if (one === other) return true;
  return one.name === other.name && one.options !== undefined && isSameOptions(one.options, other.options);
}

function isStrategy(value: unknown): value is Strategy {
  return typeof value === "object" && value !== null && "createBalancer" in value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
