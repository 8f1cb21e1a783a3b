import { GateError, type GateHost, type RouteConfig, type Timer } from "unigate/transport";
import type { GrpcUpstream } from "../options.ts";
import { poolLimits } from "./pool-options.ts";
import { type GroupFigures, ServerGroup } from "./server-group.ts";

interface Upstream {
  pattern: string;
  group: ServerGroup;
}

/** Methods of one upstream that are remembered: a caller that makes names up must not fill the gate. */
const maxMethods = 2000;
/** How closely the limits of connections are kept, in ms. */
const sweepMs = 250;

let doors = 0;

/**
 * The gRPC servers behind a door: each is an endpoint of the gate.
 *
 * Nobody has to say which methods there are: a method joins its servers with the first call of it.
 */
export class Upstreams {
  readonly #gate: GateHost;
  readonly #owner = `grpc ${++doors}`;
  readonly #upstreams: Upstream[];
  readonly #sweeps: Timer;

  constructor(gate: GateHost, upstreams: Readonly<Record<string, GrpcUpstream>>) {
    this.#gate = gate;
    gate.setRoutes(this.#owner, Object.fromEntries(Object.entries(upstreams).map(([pattern, upstream]) => [pattern, routeOf(upstream)])));
    this.#upstreams = Object.entries(upstreams)
      .map(([pattern, upstream]) => ({ pattern, group: this.#open(upstream) }))
      .toSorted((a, b) => b.pattern.length - a.pattern.length);
    this.#sweeps = gate.clock.every(sweepMs, () => this.#sweep());
  }

  /** The target of a call; throws `unimplemented` for a path that no upstream has. */
  targetOf(path: string): string {
    const [, service, method] = /^\/([\w.]+)\/(\w+)$/.exec(path) ?? [];
    const target = `${service}.${method}`;
    const upstream = service === undefined ? undefined : this.#upstreams.find(({ pattern }) => matches(pattern, target));
    if (upstream === undefined) throw new GateError("unimplemented", `no method ${path} is served here`);
    if (!upstream.group.methods.has(target)) learn(upstream, target);
    return target;
  }

  figures(): Record<string, GroupFigures> {
    return Object.fromEntries(this.#upstreams.map(({ pattern, group }) => [pattern, group.figures()]));
  }

  /** The servers take no more calls; those that run go on. */
  retire(): void {
    this.#sweeps.clear();
    this.#gate.setRoutes(this.#owner, {});
    for (const { group } of this.#upstreams) group.leave();
  }

  close(): void {
    for (const { group } of this.#upstreams) group.destroy();
    this.retire();
  }

  #open(upstream: GrpcUpstream): ServerGroup {
    const group = new ServerGroup(this.#gate, upstream);
    group.setServers([upstream.to].flat<(string | readonly string[])[]>());
    return group;
  }

  #sweep(): void {
    const now = this.#gate.clock.now();
    for (const { group } of this.#upstreams) group.sweep(now);
  }
}

function learn({ pattern, group }: Upstream, target: string): void {
  if (group.methods.size >= maxMethods)
    throw new GateError(
      "resource_exhausted",
      `${maxMethods} methods of ${pattern} have been called, which is the limit; name some of them in upstreams`,
    );
  group.learn([{ name: target }]);
}

function routeOf({ strategy, timeout = 0, pool }: GrpcUpstream): RouteConfig {
  return { timeout, waitForRoom: poolLimits(pool).acquireMs, ...(strategy === undefined ? {} : { strategy }) };
}

function matches(pattern: string, target: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(".*") ? target.startsWith(pattern.slice(0, -1)) : target === pattern;
}
