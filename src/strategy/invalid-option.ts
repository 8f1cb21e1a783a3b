import { GateError } from "../error/gate-error.ts";

/** The error for an option that cannot be meant; thrown where the strategy is made, so that a config fails before any port opens. */
export function invalidOption(strategy: string, option: string, value: unknown, remedy: string): GateError {
  return new GateError("invalid_argument", `${strategy}: ${option} is ${shown(value)}; ${remedy}`, { details: { strategy, option } });
}

/** Throws unless `value` is a finite number above 0. */
export function checkPositive(strategy: string, option: string, value: unknown): void {
  if (typeof value === "number" && value > 0 && value < Infinity) return;
  throw invalidOption(strategy, option, value, "write a number of milliseconds above 0");
}

/** Throws unless `value` can serve as a source of chance. */
export function checkRandom(strategy: string, value: unknown): void {
  if (typeof value === "function") return;
  throw invalidOption(strategy, "random", value, "give a function that returns a number from 0 up to 1");
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}
