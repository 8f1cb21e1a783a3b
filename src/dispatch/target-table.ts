import type { Registry } from "../registry/registry.ts";
import type { RouteTable } from "../routing/route-table.ts";
import type { DispatcherOptions } from "./dispatcher-options.ts";
import { Target } from "./target.ts";

/** The known targets: those that the registry or the config knows, each resolved on its first job. */
export class TargetTable {
  readonly #registry: Registry;
  readonly #latencyOf: DispatcherOptions["latencyOf"];
  readonly #targets = new Map<string, Target>();
  #routes: RouteTable;

  constructor({ registry, routes, latencyOf }: DispatcherOptions) {
    this.#registry = registry;
    this.#routes = routes;
    this.#latencyOf = latencyOf;
  }

  get all(): ReadonlyMap<string, Target> {
    return this.#targets;
  }

  /** The target, or undefined when nobody serves it, has served it, or names it in the config. */
  find(name: string): Target | undefined {
    return this.#targets.get(name) ?? this.#resolve(name);
  }

  forget(name: string): void {
    this.#targets.delete(name);
  }

  /** Gives every target its route in a changed table. */
  setRoutes(routes: RouteTable): void {
    this.#routes = routes;
    for (const target of this.#targets.values()) target.setRoute(routes.match(target.name));
  }

  #resolve(name: string): Target | undefined {
    const pool = this.#registry.pool(name) ?? (this.#routes.isNamed(name) ? this.#registry.expect(name) : undefined);
    if (pool === undefined) return undefined;
    const target = new Target(name, pool, this.#routes.match(name), this.#latencyOf?.(name));
    this.#targets.set(name, target);
    return target;
  }
}
