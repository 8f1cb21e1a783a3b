import type { MethodInfo } from "./method-info.ts";

/** A target, and what it is bound to. */
export type BoundTarget = Pick<MethodInfo, "name" | "http">;

/** A binding whose path another method has already. */
export interface SharedBinding {
  /** `Service.method`. */
  name: string;
  /** As it is written: `GET /x/:id`. */
  binding: string;
  /** The method that has the path. */
  holder: string;
}

/** What a binding looks like, for whoever wrote one that does not. */
export const bindingForm = 'write "POST /path/:param"';

const verbs: ReadonlySet<string> = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"]);

/** A binding in parts; undefined for a malformed one. `ANY` stands for every HTTP method; a `*` may end the path. */
export function parseBinding(text: string): { verb: string; path: string } | undefined {
  const [, verb = "", path = ""] = /^([A-Z]+) (\/[^\s?#()]*)$/.exec(text) ?? [];
  const isWellFormed = verbs.has(verb) && !/\*./.test(path) && !path.includes("::") && !/:(\/|$)/.test(path);
  return isWellFormed ? { verb, path } : undefined;
}

/** A path without the names of its parameters: two of one shape match the same requests. */
export function pathShape(path: string): string {
  return path.replaceAll(/:[^/]+/g, ":").replace(/(.)\/$/, "$1");
}

/** The bindings that meet one of another method before them; `ANY` meets every HTTP method. */
export function sharedBindings(methods: Iterable<BoundTarget>): SharedBinding[] {
  const bound = new Map<string, { verb: string; name: string }[]>();
  const shared: SharedBinding[] = [];
  for (const { name, http = [] } of methods) {
    for (const binding of http) {
      const parsed = parseBinding(binding);
      if (parsed === undefined) continue;
      const { verb, path } = parsed;
      const shape = pathShape(path);
      const others = bound.get(shape) ?? [];
      bound.set(shape, others);
      const holder = others.find((other) => other.name !== name && (other.verb === verb || other.verb === "ANY" || verb === "ANY"));
      if (holder === undefined) others.push({ verb, name });
      else shared.push({ name, binding, holder: holder.name });
    }
  }
  return shared;
}

/** What is wrong with such a binding, and the remedy, for whoever wrote it. */
export function sharedBindingText({ binding, holder }: Omit<SharedBinding, "name">): string {
  return `http binding "${binding}" is taken by ${holder}; choose another path`;
}
