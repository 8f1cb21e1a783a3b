import type { IncomingHttpHeaders } from "node:http2";
import type { FileRegistry } from "@bufbuild/protobuf";
import { GateError, type GateHost, type PoolFigures, type RouteConfig, type Timer } from "unigate/transport";
import { type CallTest, toTest } from "./call-condition.ts";
import type { Destination } from "./forwarded-call.ts";
import { poolLimits } from "./pool-options.ts";
import { type GroupFigures, ServerGroup } from "./server-group.ts";
import type { GrpcUpstream, GrpcUpstreams } from "./upstream-options.ts";

interface Upstream {
  pattern: string;
  /** What its targets begin with: its name, if it has one. */
  prefix: string;
  takes: CallTest;
  group: ServerGroup;
}

/** Methods of one upstream that are remembered: a caller that makes names up must not fill the gate. */
const maxMethods = 2000;
/** How closely the limits of connections are kept, in ms. */
const sweepMs = 250;

/** Services that say nothing of what a server is for. */
const ofEveryServer = /^grpc\.(reflection|health|channelz)\./;

let doors = 0;

/**
 * The gRPC servers behind a door: each is an endpoint of the gate.
 *
 * Nobody says which methods they have, so a method becomes known, for every server of its upstream, when it is first called.
 */
export class Upstreams {
  readonly #gate: GateHost;
  readonly #owner = `grpc ${++doors}`;
  /** The most specific pattern first, and of one pattern as the config lists them. */
  readonly #upstreams: readonly Upstream[];
  /** Those that a path's method matches. */
  readonly #byPath = new Map<string, { method: string; upstreams: readonly Upstream[] }>();
  readonly #sweeps: Timer;

  constructor(gate: GateHost, options: GrpcUpstreams) {
    this.#gate = gate;
    const all = Object.entries(options)
      .toSorted(([a], [b]) => specificity(b) - specificity(a))
      .flatMap(([pattern, given]) => [given].flat().map((upstream: GrpcUpstream) => ({ pattern, upstream })));
    gate.setRoutes(this.#owner, Object.fromEntries(all.map(({ pattern, upstream }) => [prefixOf(upstream) + pattern, routeOf(upstream)])));
    this.#upstreams = all.map(({ pattern, upstream }) => this.#open(pattern, upstream));
    this.#sweeps = gate.clock.every(sweepMs, () => this.#sweep());
  }

  /** Resolves when the .proto files of all are read, and their dns names looked up; rejects with `invalid_argument`. */
  async ready(): Promise<void> {
    await Promise.all(this.#upstreams.map(({ group }) => group.ready()));
  }

  /** Where a call goes; throws `unimplemented` for one that no upstream takes. */
  find(headers: IncomingHttpHeaders): Destination {
    const path = headers[":path"] ?? "/";
    const { method, upstreams } = this.#byPath.get(path) ?? this.#lookUp(path);
    for (const upstream of upstreams) {
      if (!upstream.takes(headers)) continue;
      const target = upstream.prefix + method;
      if (!upstream.group.hasServers)
        throw new GateError("unavailable", `no server of ${upstream.prefix}${upstream.pattern} has been found`);
      if (!upstream.group.methods.has(target)) learn(upstream, target);
      return { method, target, tenants: upstream.group.tenants };
    }
    throw new GateError("unimplemented", `no method ${path} is served here`);
  }

  /** What is known of the services of all. */
  protos(): FileRegistry[] {
    return this.#upstreams.flatMap(({ group }) => group.protos);
  }

  figures(): Record<string, GroupFigures> {
    return Object.fromEntries(this.#upstreams.map(({ prefix, pattern, group }) => [prefix + pattern, group.figures()]));
  }

  /** The same as the gate tells it to people. */
  pools(): PoolFigures[] {
    return this.#upstreams.map(({ prefix, pattern, group }) => {
      const { size, limit, servers, tenants } = group.figures();
      const shares = Object.entries(tenants?.tenants ?? {}).map(([name, share]) => ({ name, ...share }));
      return {
        name: prefix + pattern,
        size,
        limit,
        servers,
        waiting: tenants?.waiting ?? 0,
        ...(tenants === undefined ? {} : { tenants: shares }),
      };
    });
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

  #open(pattern: string, upstream: GrpcUpstream): Upstream {
    const prefix = prefixOf(upstream);
    const own = {
      // Of several patterns that match, the one that callers without metadata reach.
      method: (name: string) =>
        matches(pattern, name) &&
        (prefix !== "" || this.#upstreams.find((one) => one.prefix === "" && matches(one.pattern, name))?.pattern === pattern),
      service: (name: string) => !ofEveryServer.test(name) && (matches(pattern, `${name}.`) || pattern.startsWith(`${name}.`)),
    };
    return { pattern, prefix, takes: toTest(upstream.when ?? {}), group: new ServerGroup(this.#gate, upstream, own, prefix) };
  }

  #lookUp(path: string): { method: string; upstreams: readonly Upstream[] } {
    const [, service, name] = /^\/([\w.]+)\/(\w+)$/.exec(path) ?? [];
    const method = `${service}.${name}`;
    const upstreams = service === undefined ? [] : this.#upstreams.filter(({ pattern }) => matches(pattern, method));
    const found = { method, upstreams };
    if (upstreams.length > 0 && this.#byPath.size < maxMethods) this.#byPath.set(path, found);
    return found;
  }

  #sweep(): void {
    const now = this.#gate.clock.now();
    for (const { group } of this.#upstreams) group.sweep(now);
  }
}

function learn({ prefix, pattern, group }: Upstream, target: string): void {
  if (group.methods.size >= maxMethods)
    throw new GateError(
      "resource_exhausted",
      `${maxMethods} methods of ${prefix}${pattern} have been called, which is the limit; name some of them in upstreams`,
    );
  group.learn([{ name: target }]);
  group.describeAgain();
}

function prefixOf({ name }: GrpcUpstream): string {
  return name === undefined ? "" : `@${name}.`;
}

function routeOf({ strategy, timeout = 0, pool }: GrpcUpstream): RouteConfig {
  return { timeout, waitForRoom: poolLimits(pool).acquireMs, ...(strategy === undefined ? {} : { strategy }) };
}

/** A method's own name is more specific than any pattern. */
function specificity(pattern: string): number {
  return pattern.endsWith("*") ? pattern.length : 10_000;
}

function matches(pattern: string, target: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(".*") ? target.startsWith(pattern.slice(0, -1)) : target === pattern;
}
