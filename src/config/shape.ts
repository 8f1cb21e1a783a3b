import { closestName } from "../error/closest-name.ts";
import type { ConfigFault } from "./fault.ts";

/** What a value of a config must be: gives every fault of one that is at `path`. */
export type Shape = (value: unknown, path: string) => ConfigFault[];

/** Holds for whatever `isFine`; `told` says what is wrong with everything else, as "problem; remedy". */
export function that(isFine: (value: unknown) => boolean, told: string): Shape {
  return (value, path) => (isFine(value) ? [] : [fault(path, told)]);
}

/** Holds where all do; the first that does not tells why. */
export function both(...shapes: readonly Shape[]): Shape {
  return (value, path) => {
    for (const shape of shapes) {
      const faults = shape(value, path);
      if (faults.length > 0) return faults;
    }
    return [];
  };
}

/** Holds where one does. */
export function either(shapes: readonly Shape[], told: string): Shape {
  return that((value) => shapes.some((shape) => shape(value, "").length === 0), told);
}

/** Holds for one of some words. */
export function oneOf(words: readonly string[], what: string): Shape {
  return that((value) => words.includes(value as string), `is not ${what}; known are ${words.join(", ")}`);
}

/** Holds for whole numbers from `least` on. */
export function count(least: number): Shape {
  return both(
    that(Number.isSafeInteger, `is not a whole number; write ${least} or more`),
    that((value) => (value as number) >= least, `is too small; write ${least} or more`),
  );
}

/** Holds for texts that match. */
export function text(told: string, pattern: RegExp = /^/, toldOfOthers: string = told): Shape {
  return both(
    that((value) => typeof value === "string", told),
    that((value) => pattern.test(value as string), toldOfOthers),
  );
}

/** Holds for lists, each of whose items must be so. */
export function list(item: Shape, told: string): Shape {
  return (value, path) => (Array.isArray(value) ? value.flatMap((one: unknown, at) => item(one, `${path}[${at}]`)) : [fault(path, told)]);
}

/** Holds for objects, each of whose values must be so. */
export function record(of: Shape, told: string): Shape {
  return (value, path) =>
    hasKeys(value) ? Object.entries(value).flatMap(([key, one]) => of(one, childPath(path, key))) : [fault(path, told)];
}

/** Holds for objects without other keys than these; one of `optional` may be left out. */
export function object(keys: { required?: Fields; optional?: Fields }, told: string): Shape {
  const { required = {}, optional = {} } = keys;
  const known = [...Object.keys(required), ...Object.keys(optional)];
  return (value, path) => {
    if (!hasKeys(value)) return [fault(path, told)];
    const faults = Object.entries(required).flatMap(([key, shape]) => shape(value[key], childPath(path, key)));
    for (const [key, shape] of Object.entries(optional))
      if (value[key] !== undefined) faults.push(...shape(value[key], childPath(path, key)));
    for (const key of Object.keys(value)) if (!known.includes(key)) faults.push(unknownKey(key, path, known));
    return faults;
  };
}

type Fields = Readonly<Record<string, Shape>>;

/** The path of what an object at `path` has under `key`, as one would write it. */
export function childPath(path: string, key: string): string {
  if (!/^[A-Za-z_]\w*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Tells whether a value may be asked for what it holds. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function hasKeys(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value);
}

function fault(path: string, told: string): ConfigFault {
  const [problem, remedy] = told.split("; ") as [string, string];
  return { path: path === "" ? "config" : path, problem, remedy };
}

function unknownKey(key: string, path: string, known: readonly string[]): ConfigFault {
  const closest = closestName(key, known);
  return {
    path: path === "" ? key : `${path}.${key}`,
    problem: "is not a known key",
    remedy: closest === undefined ? `known are ${known.join(", ")}` : `did you mean ${closest}?`,
  };
}
