import { type ConfigFault, type Duration, parseDuration, type Strategy } from "unigate/transport";
import type { GrpcTls } from "../tls.ts";
import { type CallCondition, conditionFaults } from "./call-condition.ts";
import { parseDnsName } from "./server-names.ts";
import { type TenantOptions, tenantFaults } from "./tenant-options.ts";
import { poolFaults, type PoolOptions } from "./pool-options.ts";

/** How failing servers are found, and let back in. */
export interface UpstreamHealthOptions {
  /** Calls in a row without an answer after which a server gets no more; default 3. */
  failures?: number;
  /** For how long; default `"5s"`, each time in a row twice as long. Then it is let in slowly. */
  ejectFor?: Duration;
  /** Ask each server by `grpc.health.v1` whether it serves; default true. One without that service is judged by its calls. */
  watch?: boolean;
}

/** gRPC servers behind the gate. */
export interface GrpcUpstream {
  /** `host:port`, one or several; `dns:///host:port` for every address of a name, `dns://name-server:port/host:port` to ask that one. */
  to: string | readonly string[];
  /** How often dns names are looked up again: servers join and leave by it; default `"10s"`. */
  resolveEvery?: Duration;
  /** Calls that it is for; default all. Of a list of upstreams the first that a call meets takes it; when none does, the next pattern. */
  when?: CallCondition;
  /** Names an upstream with `when`: its methods are queued, counted and shown as `@name.package.Service.Method`. */
  name?: string;
  /** How calls are spread over them; default `roundRobin()`. */
  strategy?: Strategy;
  /** Calls and connections that each server takes. */
  pool?: PoolOptions;
  /** When a server that does not answer gets no more calls. */
  health?: UpstreamHealthOptions;
  /** Only for callers with a signed token, each with its part of the pool. */
  tenants?: TenantOptions;
  /** Its .proto files or descriptor sets, so that callers with JSON may call it; without them its servers are asked by reflection. */
  protos?: readonly string[];
  /** Ask its servers by reflection; default true. */
  reflection?: boolean;
  /** Longest life of a call whose caller named no deadline; default none: a stream may last. */
  timeout?: Duration;
  /**
   * `:authority` that its servers are told: `"caller"` for what the client sent, `"server"` for the server's own name, or a name of your
   * choice. Default the caller's; over TLS the server's own, which its certificate proves.
   */
  authority?: string;
  /** Speak TLS to them: true for the system's authorities. */
  tls?: boolean | GrpcTls;
}

/** Upstreams by pattern; several of one pattern are a list, each for the calls that meet its `when`. */
export type GrpcUpstreams = Readonly<Record<string, GrpcUpstream | readonly GrpcUpstream[]>>;

const upstreamKeys = [
  "to",
  "resolveEvery",
  "when",
  "name",
  "strategy",
  "pool",
  "health",
  "tenants",
  "protos",
  "reflection",
  "timeout",
  "authority",
  "tls",
];
const healthKeys = ["failures", "ejectFor", "watch"];

/** Every fault of the upstreams. */
export function upstreamsFaults(upstreams: GrpcUpstreams): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const names = new Set<string>();
  for (const [pattern, given] of Object.entries(upstreams)) {
    const path = `upstreams[${JSON.stringify(pattern)}]`;
    if (!/^(\*|[\w.]+\.(\*|\w+))$/.test(pattern))
      faults.push({ path, problem: "is not a pattern", remedy: 'write "package.Service.Method", "package.Service.*", "package.*" or "*"' });
    const all: readonly GrpcUpstream[] = [given].flat();
    if (all.length === 0) faults.push({ path, problem: "is an empty list", remedy: 'write { to: "host:port" }' });
    all.forEach((upstream, at) => {
      const own = Array.isArray(given) ? `${path}[${at}]` : path;
      faults.push(...upstreamFaults(own, upstream));
      if (upstream?.when === undefined && at < all.length - 1)
        faults.push({ path: own, problem: "takes every call, and those after it none", remedy: "give it a when, or put it last" });
      if (upstream?.name === undefined) return;
      if (names.has(upstream.name)) faults.push({ path: `${own}.name`, problem: "is another upstream's name", remedy: "choose another" });
      names.add(upstream.name);
    });
  }
  return faults;
}

function upstreamFaults(path: string, upstream: GrpcUpstream): ConfigFault[] {
  if (typeof upstream !== "object" || upstream === null)
    return [{ path, problem: "is not an object", remedy: 'write { to: "host:port" }' }];
  const faults: ConfigFault[] = [];
  const { when, name } = upstream;
  if (when !== undefined) faults.push(...conditionFaults(`${path}.when`, when));
  if (when !== undefined && name === undefined)
    faults.push({ path: `${path}.name`, problem: "is missing", remedy: 'name an upstream that has a when, for example name: "eu"' });
  if (name !== undefined && !(typeof name === "string" && /^[\w-]+$/.test(name)))
    faults.push({ path: `${path}.name`, problem: "is not a name", remedy: "write letters, digits, - and _" });
  if (name !== undefined && when === undefined)
    faults.push({ path: `${path}.name`, problem: "has no use without a when", remedy: "leave it out" });
  const servers = [upstream.to].flat();
  if (servers.length === 0 || !servers.every((server) => typeof server === "string" && isAddress(server)))
    faults.push({
      path: `${path}.to`,
      problem: "is not a server or a list of servers",
      remedy: 'write "host:port", ["host:port", …] or "dns:///host:port"',
    });
  if (upstream.pool !== undefined) faults.push(...poolFaults(`${path}.pool`, upstream.pool));
  if (upstream.health !== undefined) faults.push(...healthFaults(`${path}.health`, upstream.health));
  if (upstream.tenants !== undefined) faults.push(...tenantFaults(`${path}.tenants`, upstream.tenants));
  const { protos } = upstream;
  if (protos !== undefined && !(Array.isArray(protos) && protos.every((file) => typeof file === "string" && file !== "")))
    faults.push({ path: `${path}.protos`, problem: "is not a list of files", remedy: 'write protos: ["echo.proto"]' });
  if (upstream.authority !== undefined && !(typeof upstream.authority === "string" && /^[\w.:[\]-]+$/.test(upstream.authority)))
    faults.push({
      path: `${path}.authority`,
      problem: "is not a name",
      remedy: 'write "caller", "server" or a name such as "api.example.com"',
    });
  for (const key of ["timeout", "resolveEvery"] as const) {
    if (upstream[key] !== undefined && parseDuration(upstream[key]) === undefined)
      faults.push({ path: `${path}.${key}`, problem: "is not a duration", remedy: 'write one such as "30s"' });
  }
  for (const key of Object.keys(upstream)) {
    if (!upstreamKeys.includes(key))
      faults.push({ path: `${path}.${key}`, problem: "is not a known key", remedy: `known are ${upstreamKeys.join(", ")}` });
  }
  return faults;
}

function healthFaults(path: string, health: UpstreamHealthOptions): ConfigFault[] {
  if (typeof health !== "object" || health === null) return [{ path, problem: "is not an object", remedy: "write { failures: 3 }" }];
  const faults: ConfigFault[] = [];
  const { failures, ejectFor } = health;
  if (failures !== undefined && !(Number.isInteger(failures) && failures >= 1))
    faults.push({ path: `${path}.failures`, problem: "is not a whole number from 1", remedy: "write one" });
  if (ejectFor !== undefined && parseDuration(ejectFor) === undefined)
    faults.push({ path: `${path}.ejectFor`, problem: "is not a duration", remedy: 'write one such as "5s"' });
  for (const key of Object.keys(health)) {
    if (!healthKeys.includes(key))
      faults.push({ path: `${path}.${key}`, problem: "is not a known key", remedy: `known are ${healthKeys.join(", ")}` });
  }
  return faults;
}

function isAddress(text: string): boolean {
  return parseDnsName(text) !== undefined || /^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i.test(text);
}
