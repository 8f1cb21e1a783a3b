import type { Route } from "./route.ts";

/**
 * Finds the route of a target: an exact pattern first, then the longest `Prefix.*`, then `*`.
 *
 * A lookup costs one map access per dot of the target; the dispatcher keeps the answer per target.
 */
export class RouteTable {
  readonly #routes = new Map<string, Route>();
  readonly #fallback: Route;

  /** `fallback` holds for targets that no route matches. */
  constructor(routes: Iterable<Route>, fallback: Route) {
    for (const route of routes) this.#routes.set(route.pattern, route);
    this.#fallback = this.#routes.get("*") ?? fallback;
  }

  /** Every configured route, most specific pattern first. */
  get routes(): Route[] {
    return [...this.#routes.values()].toSorted(
      (a, b) => specificity(b.pattern) - specificity(a.pattern) || (a.pattern < b.pattern ? -1 : 1),
    );
  }

  match(target: string): Route {
    // Most are named as they are; a generator costs more than the lookup.
    const exact = this.#routes.get(target);
    if (exact !== undefined) return exact;
    for (let dot = target.lastIndexOf("."); dot > 0; dot = target.lastIndexOf(".", dot - 1)) {
      const route = this.#routes.get(`${target.slice(0, dot)}.*`);
      if (route !== undefined) return route;
    }
    return this.#fallback;
  }

  /** Tells whether `target` is named by a pattern other than `*`: such a target is known before any worker serves it. */
  isNamed(target: string): boolean {
    for (const pattern of patternsOf(target)) if (this.#routes.has(pattern)) return pattern === target;
    return false;
  }

  /** The patterns that would match, in the order in which they are tried, and whether the table has them. */
  explain(target: string): { pattern: string; isConfigured: boolean }[] {
    return [...patternsOf(target), "*"].map((pattern) => ({ pattern, isConfigured: this.#routes.has(pattern) }));
  }
}

/** Tells whether `pattern` is `*`, `Prefix.*` or a full target. */
export function isPattern(pattern: string): boolean {
  return pattern === "*" || /^[^\s*.]+(\.[^\s*.]+)*\.(\*|[^\s*.]+)$/.test(pattern);
}

function* patternsOf(target: string): Generator<string> {
  yield target;
  for (let dot = target.lastIndexOf("."); dot > 0; dot = target.lastIndexOf(".", dot - 1)) yield `${target.slice(0, dot)}.*`;
}

function specificity(pattern: string): number {
  return pattern === "*" ? 0 : pattern.endsWith(".*") ? pattern.length : 10_000 + pattern.length;
}
