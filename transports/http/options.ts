import type { CorsOptions } from "./cors.ts";
import { checkRoutes } from "./proxy/check-routes.ts";
import type { ProxySettings } from "./proxy/index.ts";
import type { ProxyRoute } from "./proxy/proxy-route.ts";
import { checkTls, type HttpTls } from "./tls.ts";
import { type Address, type ConfigFault, type Duration, parseDuration, parseSize, type Size } from "unigate/transport";

/** Options of the HTTP transport. */
export interface HttpOptions {
  /** Default 9000; 0 takes a free one. */
  port?: number;
  /** Address to listen on; default `"127.0.0.1"`, `"0.0.0.0"` for every network. */
  host?: string;
  /** Speaks HTTPS, and `wss://`, with this certificate; default plain HTTP. */
  tls?: HttpTls;
  /** Largest request body; default `"16mb"`, and never more than the gate's `maxPayload`. */
  bodyLimit?: Size;
  /** All bodies that are being received together; default `"256mb"`. A request that does not fit is answered 429. */
  bodyMemory?: Size;
  /** Prefix of the gate's own routes (`/health`, `/call`, …); default none. */
  control?: string;
  /** Time for a request to arrive in full; default `"60s"`. */
  requestTimeout?: Duration;
  /** Proxies whose `X-Forwarded-For` is believed: `true` for every one, or their addresses and networks; default none. */
  trustProxy?: boolean | string | string[];
  /** Pages of other origins that may call from a browser; default none. */
  cors?: CorsOptions;
  /** Requests that go to HTTP servers as they are; the gate's own paths and bound routes come first. */
  proxy?: readonly ProxyRoute[];
  /** A YAML file with more of them, `route: [{ path, method, to }]`; read again when it changes. */
  proxyFile?: string;
  /** `/openapi.json` and a page that shows it, `/docs`; default true. */
  docs?: boolean;
  /** Services that register themselves over HTTP. */
  registry?: RegistryOptions;
}

/** How the gate keeps HTTP services that register themselves. */
export interface RegistryOptions {
  /** Between two heartbeats of a service that names no interval of its own; default `"60s"`. It is gone when three have not come. */
  heartbeat?: Duration;
}

/** Options with every default filled in. */
export interface HttpSettings {
  port: number;
  host: string;
  tls: HttpTls | undefined;
  bodyLimit: number;
  bodyMemory: number;
  control: string;
  requestTimeoutMs: number;
  trustProxy: boolean | string | string[];
  cors: CorsOptions | undefined;
  /** Undefined for a door that proxies nothing. */
  proxy: ProxySettings | undefined;
  docs: boolean;
  /** Of services that register themselves, in ms. */
  heartbeatMs: number;
}

/** What people find at the address of this transport. */
export const purpose = "HTTP calls, and clients and workers over WebSocket";
const defaultHost = "127.0.0.1";
const defaultPort = 9000;

/** The address that options name, and what people find there. */
export function addressOf({ host = defaultHost, port = defaultPort, tls }: HttpOptions): Address {
  return { url: `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`, purpose };
}

const defaultHeartbeatMs = 60_000;
const keys = [
  "port",
  "host",
  "tls",
  "bodyLimit",
  "bodyMemory",
  "control",
  "requestTimeout",
  "trustProxy",
  "cors",
  "proxy",
  "proxyFile",
  "docs",
  "registry",
];

/** Every fault of the options. */
export function checkOptions(options: HttpOptions): ConfigFault[] {
  if (typeof options !== "object" || options === null)
    return [{ path: "options", problem: "are not an object", remedy: "write http({ port: 9000 }) or http()" }];
  const faults: ConfigFault[] = [];
  const { port, host, tls, bodyLimit, bodyMemory, control, requestTimeout, trustProxy, cors, proxy, proxyFile, docs, registry } = options;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    faults.push({ path: "port", problem: `${JSON.stringify(port)} is not a port`, remedy: "write a whole number from 0 to 65535" });
  }
  if (host !== undefined && (typeof host !== "string" || host === ""))
    faults.push({ path: "host", problem: "is not an address", remedy: 'write "127.0.0.1" or "0.0.0.0"' });
  if (tls !== undefined) faults.push(...checkTls(tls));
  if (bodyLimit !== undefined && !((parseSize(bodyLimit) ?? 0) > 0))
    faults.push({ path: "bodyLimit", problem: "is not a size above zero", remedy: 'write one such as "16mb"' });
  if (bodyMemory !== undefined && !((parseSize(bodyMemory) ?? 0) > 0))
    faults.push({ path: "bodyMemory", problem: "is not a size above zero", remedy: 'write one such as "256mb"' });
  if (control !== undefined && !/^(\/[\w.~-]+)*$/.test(control))
    faults.push({ path: "control", problem: "is not a path prefix", remedy: 'write one such as "/_gate"' });
  if (requestTimeout !== undefined && parseDuration(requestTimeout) === undefined)
    faults.push({ path: "requestTimeout", problem: "is not a duration", remedy: 'write one such as "60s"' });
  if (trustProxy !== undefined && typeof trustProxy !== "boolean" && !isTexts(trustProxy))
    faults.push({ path: "trustProxy", problem: "names no proxies", remedy: 'write true, or addresses such as ["10.0.0.0/8"]' });
  if (cors !== undefined && !(typeof cors === "object" && cors !== null && (cors.origin === true || isTexts(cors.origin))))
    faults.push({ path: "cors", problem: "names no origin", remedy: 'write { origin: "https://app.example" }, a list, or true' });
  if (proxy !== undefined) faults.push(...checkRoutes(proxy, "proxy"));
  if (proxyFile !== undefined && (typeof proxyFile !== "string" || proxyFile === ""))
    faults.push({ path: "proxyFile", problem: "is not a file's name", remedy: 'write one such as "routes.yaml"' });
  if (docs !== undefined && typeof docs !== "boolean")
    faults.push({ path: "docs", problem: "is not true or false", remedy: "write docs: false" });
  if (registry !== undefined && !isHeartbeat(registry?.heartbeat))
    faults.push({ path: "registry.heartbeat", problem: "is not a duration of a day at most", remedy: 'write one such as "60s"' });
  for (const key of Object.keys(options)) {
    if (!keys.includes(key)) faults.push({ path: key, problem: "is not a known option of http()", remedy: `known are ${keys.join(", ")}` });
  }
  return faults;
}

function isHeartbeat(heartbeat: unknown): boolean {
  const ms = parseDuration(heartbeat ?? defaultHeartbeatMs) ?? 0;
  return ms > 0 && ms <= 86_400_000;
}

function isTexts(value: unknown): boolean {
  return typeof value === "string" ? value !== "" : Array.isArray(value) && value.length > 0 && value.every(isTexts);
}

/** Fills in the defaults of options that have no fault. */
export function toSettings(options: HttpOptions, maxPayloadBytes: number): HttpSettings {
  return {
    port: options.port ?? defaultPort,
    host: options.host ?? defaultHost,
    tls: options.tls,
    bodyLimit: Math.min(parseSize(options.bodyLimit) ?? 16 * 1024 * 1024, maxPayloadBytes),
    bodyMemory: parseSize(options.bodyMemory) ?? 256 * 1024 * 1024,
    control: options.control ?? "",
    requestTimeoutMs: Math.ceil(parseDuration(options.requestTimeout) ?? 60_000),
    trustProxy: options.trustProxy ?? false,
    cors: options.cors,
    proxy:
      options.proxy === undefined && options.proxyFile === undefined ? undefined : { routes: options.proxy ?? [], file: options.proxyFile },
    docs: options.docs ?? true,
    heartbeatMs: parseDuration(options.registry?.heartbeat) ?? defaultHeartbeatMs,
  };
}
