import type { Address, ConfigFault } from "unigate/transport";
import { type GrpcUpstreams, upstreamsFaults } from "./proxy/upstream-options.ts";
import type { GrpcTls } from "./tls.ts";
import type { WebOptions } from "./web/serve-web.ts";

/** Options of the gRPC transport. */
export interface GrpcOptions {
  /** Default 50051; 0 takes a free one. */
  port?: number;
  /** Address to listen on; default `"127.0.0.1"`. */
  host?: string;
  tls?: GrpcTls;
  /** By `package.Service.Method`, `package.Service.*`, `package.*` or `*`; the most specific pattern holds. No .proto is needed. */
  upstreams?: GrpcUpstreams;
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
  faults.push(...upstreamsFaults(upstreams));
  for (const key of Object.keys(options)) {
    if (!keys.includes(key)) faults.push({ path: key, problem: "is not a known option of grpc()", remedy: `known are ${keys.join(", ")}` });
  }
  return faults;
}
