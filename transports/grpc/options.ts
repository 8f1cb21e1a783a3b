import { type Address, type ConfigFault, type Duration, parseDuration, type Strategy } from "unigate/transport";
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

/** gRPC servers behind the gate. */
export interface GrpcUpstream {
  /** `host:port`, one or several. */
  to: string | readonly string[];
  /** How calls are spread over them; default `roundRobin()`. */
  strategy?: Strategy;
  /** Calls at once on each server; default 1000. More wait in the route's queue. */
  calls?: number;
  /** HTTP/2 connections to each server, opened as they are needed; default 2. */
  connections?: number;
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
const upstreamKeys = ["to", "strategy", "calls", "connections", "timeout", "tls"];

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
  for (const name of ["calls", "connections"] as const) {
    const value = upstream[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      faults.push({ path: `${path}.${name}`, problem: "is not a whole number from 1", remedy: "write one" });
  }
  if (upstream.timeout !== undefined && parseDuration(upstream.timeout) === undefined)
    faults.push({ path: `${path}.timeout`, problem: "is not a duration", remedy: 'write one such as "30s"' });
  for (const key of Object.keys(upstream)) {
    if (!upstreamKeys.includes(key))
      faults.push({ path: `${path}.${key}`, problem: "is not a known key", remedy: `known are ${upstreamKeys.join(", ")}` });
  }
  return faults;
}

function isAddress(text: string): boolean {
  return /^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i.test(text);
}
