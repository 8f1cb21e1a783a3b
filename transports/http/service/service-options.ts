import { roundRobin, type Strategy } from "unigate";
import {
  type Clock,
  type ConfigFault,
  configError,
  type Duration,
  parseDuration,
  parseSize,
  type Size,
  systemClock,
} from "unigate/transport";
import { gateUrl } from "./gate-request.ts";

/** One server of a list that stands in the program. */
export interface ServerOptions {
  url: string;
  /** Relative share of calls; default 1. */
  weight?: number;
  version?: string;
}

/** Where a service is found, and how it is called. Name a gate, servers, or both: the servers then hold while the gate knows none. */
export interface ServiceOptions {
  /** URL of the gate whose registry knows the instances; without `servers` default `$GATE_URL`, else `http://127.0.0.1:9000`. */
  gate?: string;
  /** For a gate that wants one; default `$GATE_KEY`. */
  key?: string;
  /** Instances that are known beforehand; no gate is needed. */
  servers?: readonly (string | ServerOptions)[];
  /** How calls are spread over the instances; default `roundRobin()`. */
  strategy?: Strategy;
  /** For a whole call, every try included; default `"10s"`. */
  timeout?: Duration;
  /** For one try; default the whole `timeout`. Shorter, a call that may run twice leaves an instance that does not answer. */
  tryTimeout?: Duration;
  /** Instances that a call may be tried on, the first included; default 3. */
  attempts?: number;
  /** How long the gate's list of instances is good; default `"10s"`. A gate that is away leaves it standing. */
  refresh?: Duration;
  /** Largest response; default `"16mb"`. */
  maxResponse?: Size;
  /** Sent with every call. */
  headers?: Readonly<Record<string, string>>;
  clock?: Clock;
}

/** Options with every default filled in. */
export interface ServiceSettings {
  /** Undefined for a service that is found without one. */
  gate: string | undefined;
  key: string | undefined;
  servers: readonly ServerOptions[];
  strategy: Strategy;
  timeoutMs: number;
  tryTimeoutMs: number;
  attempts: number;
  refreshMs: number;
  maxResponseBytes: number;
  headers: Readonly<Record<string, string>>;
  clock: Clock;
}

/** Checks the options and fills in their defaults; throws `invalid_argument` that names every fault. */
export function toServiceSettings(name: string, options: ServiceOptions): ServiceSettings {
  const { servers = [], attempts = 3, maxResponse = "16mb" } = options;
  const faults: ConfigFault[] = [];
  const duration = (key: "timeout" | "tryTimeout" | "refresh", fallback: Duration): number => {
    const ms = parseDuration(options[key] ?? fallback) ?? 0;
    if (!(ms > 0)) faults.push({ path: key, problem: "is not a duration above zero", remedy: 'write one such as "10s"' });
    return ms;
  };
  const timeoutMs = duration("timeout", "10s");
  for (const [at, server] of servers.entries()) {
    const protocol = URL.parse(urlOf(server))?.protocol ?? "";
    if (!/^https?:$/.test(protocol))
      faults.push({
        path: `servers[${at}]`,
        problem: "is not the URL of an HTTP server",
        remedy: 'write one such as "http://10.0.0.7:8080"',
      });
  }
  if (!(Number.isInteger(attempts) && attempts >= 1))
    faults.push({ path: "attempts", problem: "is not a whole number above zero", remedy: "write one such as 3" });
  const maxResponseBytes = parseSize(maxResponse) ?? 0;
  if (maxResponseBytes <= 0) faults.push({ path: "maxResponse", problem: "is not a size above zero", remedy: 'write one such as "16mb"' });
  const tryTimeoutMs = options.tryTimeout === undefined ? timeoutMs : duration("tryTimeout", timeoutMs);
  const refreshMs = duration("refresh", "10s");
  if (faults.length > 0) throw configError(`service(${JSON.stringify(name)})`, faults);
  return {
    gate: options.gate === undefined && servers.length > 0 ? undefined : gateUrl(options.gate),
    key: options.key,
    servers: servers.map((server) => (typeof server === "string" ? { url: server } : server)),
    strategy: options.strategy ?? roundRobin(),
    timeoutMs,
    tryTimeoutMs,
    attempts,
    refreshMs,
    maxResponseBytes,
    headers: options.headers ?? {},
    clock: options.clock ?? systemClock,
  };
}

function urlOf(server: string | ServerOptions): string {
  return typeof server === "string" ? server : server.url;
}
