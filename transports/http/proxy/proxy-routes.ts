import { randomUUID } from "node:crypto";
import type { GateHost, PoolFigures, RouteConfig } from "unigate/transport";
import { ProxyTable } from "./proxy-table.ts";
import type { ProxyRoute } from "./proxy-route.ts";
import { compileRewrite } from "./rewrite.ts";
import { defaultConnections, joinServers, type UpstreamGroup } from "./upstream-group.ts";

interface Live {
  route: ProxyRoute;
  target: string;
  servers: UpstreamGroup;
}

/** The proxied routes that hold now: those of the config, and those of a file that changes. */
export class ProxyRoutes {
  readonly #gate: GateHost;
  readonly #via: string;
  readonly #owner = `proxy-${randomUUID()}`;
  readonly #sources = new Map<string, readonly ProxyRoute[]>();
  readonly #leaving = new Set<Promise<void>>();
  #live = new Map<string, Live>();
  #table = new ProxyTable();

  constructor(gate: GateHost, via: string) {
    this.#gate = gate;
    this.#via = via;
  }

  get table(): ProxyTable {
    return this.#table;
  }

  /** Replaces the routes of one source; a route that did not change keeps its servers, their connections and their health. */
  replace(source: string, routes: readonly ProxyRoute[]): void {
    this.#sources.set(source, routes);
    const before = this.#live;
    this.#live = new Map();
    const names = new Set<string>();
    const all = [...this.#sources.values()].flat();
    for (const route of all) {
      const kept = before.get(keyOf(route));
      if (kept === undefined || this.#live.has(keyOf(route))) continue;
      this.#live.set(keyOf(route), kept);
      names.add(kept.target);
      before.delete(keyOf(route));
    }
    const added = all.filter((route) => !this.#live.has(keyOf(route)));
    const targets = added.map((route) => {
      const target = freeTarget(route, names);
      names.add(target);
      return target;
    });
    const configs = [...this.#live.values()].map(({ target, route }) => [target, toRouteConfig(route)] as const);
    // Before the servers join: a job that is placed at once must find its strategy.
    this.#gate.setRoutes(
      this.#owner,
      Object.fromEntries([...configs, ...added.map((route, at) => [targets[at], toRouteConfig(route)] as const)]),
    );
    for (const [at, route] of added.entries()) {
      const target = targets[at] as string;
      this.#live.set(keyOf(route), { route, target, servers: joinServers(this.#gate, target, route, this.#via) });
    }
    this.#table = tableOf(this.#live.values());
    for (const { servers } of before.values()) this.#leave(servers);
  }

  /** The servers of every route, as a pool by the route's path. */
  pools(): PoolFigures[] {
    return [...this.#live.values()].map(({ route, servers }) => {
      const size = Math.max(
        ...[route.to].flat().map((server) => (typeof server === "string" ? undefined : server.connections) ?? defaultConnections),
      );
      return { name: poolNameOf(route), size, limit: size, servers: servers.figures(), waiting: 0 };
    });
  }

  /** Every server takes no more requests; resolves once the running ones have ended. */
  async retire(): Promise<void> {
    for (const { servers } of this.#live.values()) this.#leave(servers);
    this.#live = new Map();
    this.#gate.setRoutes(this.#owner, {});
    await Promise.all(this.#leaving);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#live.values()].map(({ servers }) => servers.close()));
    this.#gate.setRoutes(this.#owner, {});
  }

  #leave(servers: UpstreamGroup): void {
    const leaving = servers.leave().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}

function poolNameOf({ path, methods }: ProxyRoute): string {
  return methods === undefined ? path : `${[methods].flat().join(",")} ${path}`;
}

function tableOf(live: Iterable<Live>): ProxyTable {
  const table = new ProxyTable();
  for (const { route, target } of live) {
    const headers = route.headers === undefined ? undefined : lowerCased(route.headers);
    const rewrite = route.rewrite === undefined ? undefined : compileRewrite(route.path, route.rewrite);
    table.add(route.path, route.methods === undefined ? undefined : [route.methods].flat(), { target, rewrite, headers });
  }
  return table;
}

function toRouteConfig({ strategy, queue, retries, waitForServer }: ProxyRoute): RouteConfig {
  return {
    // The upstream bounds the wait for a head and each pause: a download may take its time.
    timeout: 0,
    attempts: (retries ?? 2) + 1,
    ...(strategy === undefined ? {} : { strategy }),
    ...(queue === undefined ? {} : { queue }),
    ...(waitForServer === undefined ? {} : { waitForWorker: waitForServer }),
  };
}

/** What makes two routes the same. A strategy counts by its name: it comes by name from files, and does not change in a config. */
function keyOf(route: ProxyRoute): string {
  return JSON.stringify({ ...route, strategy: route.strategy?.name });
}

function freeTarget({ name, path, methods }: ProxyRoute, taken: ReadonlySet<string>): string {
  const words = [path, ...[methods ?? []].flat()].join("-").toLowerCase();
  const own = name ?? (words.replaceAll(/[^\w]+/g, "-").replaceAll(/^-+|-+$/g, "") || "proxy");
  for (let number = 1; ; number++) {
    const target = `${own}${number === 1 ? "" : `-${number}`}.fetch`;
    if (!taken.has(target)) return target;
  }
}

function lowerCased(headers: Readonly<Record<string, string | null>>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
