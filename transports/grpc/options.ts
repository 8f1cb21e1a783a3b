import { type Address, type ConfigFault, type Duration, parseDuration, type Strategy } from "unigate/transport";
import { poolFaults, type PoolOptions } from "./proxy/pool-options.ts";
import type { WebOptions } from "./web/serve-web.ts";

/** Certificates of a port or of an upstream, in PEM. */
export interface GrpcTls {
  cert?: string | Buffer;
  key?: string | Buffer;
  /** Who signs the other side's certificate; default the system's. */
  ca?: string | Buffer;
  /** Callers must show a certificate that `ca` has signed. */
  requireClient?: boolean;
}

/** How failing servers are found, and let back in. */
export interface UpstreamHealthOptions {
  /** Calls in a row without an answer after which a server gets no more; default 3. */
  failures?: number;
  /** For how long; default `"5s"`, each time in a row twice as long. Then it is let in slowly. */
  ejectFor?: Duration;
}

/** gRPC servers behind the gate. */
export interface GrpcUpstream {
  /** `host:port`, one or several. */
  to: string | readonly string[];
  /** How calls are spread over them; default `roundRobin()`. */
  strategy?: Strategy;
  /** Calls and connections that each server takes. */
  pool?: PoolOptions;
  /** When a server that does not answer gets no more calls. */
  health?: UpstreamHealthOptions;
  /** Longest life of a call whose caller named no deadline; default none: a stream may last. */
  timeout?: Duration;
  /** Speak TLS to them: true for the system's authorities. */
  tls?: boolean | GrpcTls;
}

/** Options of the gRPC transport. */
export interface GrpcOptions {
  /** Default 50051; 0 takes a free one. */
  port?: number;
  /** Address to listen on; default `"127.0.0.1"`. */
  host?: string;
  tls?: GrpcTls;
  /** By `package.Service.Method`, `package.Service.*`, `package.*` or `*`; the most specific pattern holds. No .proto is needed. */
  upstreams?: Readonly<Record<string, GrpcUpstream>>;
  /** .proto files or descriptor sets of services whose methods workers serve: any gRPC client may then call them. */
  protos?: readonly string[];
  /** Pages that may call by gRPC-Web. */
  web?: WebOptions;
}

/** Where it listens when nobody says. */
export const defaultHost = "127.0.0.1";
/** Where it listens when nobody says. */
export const defaultPort = 50_051;

/** The address that options name, and what people find there. */
export function addressOf({ host = defaultHost, port = defaultPort, tls }: GrpcOptions): Address {
  const name = host.includes(":") ? `[${host}]` : host;
  return { url: `${tls === undefined ? "grpc" : "grpcs"}://${name}:${port}`, purpose: "gRPC calls, clients and workers" };
}

const keys = ["port", "host", "tls", "upstreams", "protos", "web"];
const healthKeys = ["failures", "ejectFor"];
const upstreamKeys = ["to", "strategy", "pool", "health", "timeout", "tls"];

/** Every fault of the options. */
export function checkOptions(options: GrpcOptions): ConfigFault[] {
  if (typeof options !== "object" || options === null)
    return [{ path: "options", problem: "are not an object", remedy: "write grpc({ port: 50051 }) or grpc()" }];
  const faults: ConfigFault[] = [];
  const { port, host, tls, upstreams = {}, protos } = options;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    faults.push({ path: "port", problem: `${JSON.stringify(port)} is not a port`, remedy: "write a whole number from 0 to 65535" });
  if (host !== undefined && (typeof host !== "string" || host === ""))
    faults.push({ path: "host", problem: "is not an address", remedy: 'write "127.0.0.1" or "0.0.0.0"' });
  if (tls !== undefined && (tls.cert === undefined || tls.key === undefined))
    faults.push({ path: "tls", problem: "has no certificate or no key", remedy: "give cert and key, in PEM" });
  if (protos !== undefined && !(Array.isArray(protos) && protos.every((file) => typeof file === "string" && file !== "")))
    faults.push({ path: "protos", problem: "is not a list of files", remedy: 'write protos: ["echo.proto"]' });
  for (const [pattern, upstream] of Object.entries(upstreams)) faults.push(...upstreamFaults(pattern, upstream));
  for (const key of Object.keys(options)) {
    if (!keys.includes(key)) faults.push({ path: key, problem: "is not a known option of grpc()", remedy: `known are ${keys.join(", ")}` });
  }
  return faults;
}

function upstreamFaults(pattern: string, upstream: GrpcUpstream): ConfigFault[] {
  const path = `upstreams[${JSON.stringify(pattern)}]`;
  const faults: ConfigFault[] = [];
  if (!/^(\*|[\w.]+\.(\*|\w+))$/.test(pattern))
    faults.push({ path, problem: "is not a pattern", remedy: 'write "package.Service.Method", "package.Service.*", "package.*" or "*"' });
  if (typeof upstream !== "object" || upstream === null)
    return [...faults, { path, problem: "is not an object", remedy: 'write { to: "host:port" }' }];
  const servers = [upstream.to].flat();
  if (servers.length === 0 || !servers.every((server) => typeof server === "string" && isAddress(server)))
    faults.push({ path: `${path}.to`, problem: "is not a server or a list of servers", remedy: 'write "host:port" or ["host:port", …]' });
  if (upstream.pool !== undefined) faults.push(...poolFaults(`${path}.pool`, upstream.pool));
  if (upstream.health !== undefined) faults.push(...healthFaults(`${path}.health`, upstream.health));
  if (upstream.timeout !== undefined && parseDuration(upstream.timeout) === undefined)
    faults.push({ path: `${path}.timeout`, problem: "is not a duration", remedy: 'write one such as "30s"' });
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
  return /^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i.test(text);
}
