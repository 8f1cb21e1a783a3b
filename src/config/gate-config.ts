import type { Permission } from "../access/keyring.ts";
import type { Plugin } from "../plugin/plugin.ts";
import type { Transport } from "../transport/transport.ts";
import type { Duration } from "./duration.ts";
import type { LogConfig } from "./log-config.ts";
import type { JobsConfig } from "./jobs-config.ts";
import type { RouteConfig } from "./route-config.ts";
import type { Size } from "./size.ts";

/** A key that the gate takes; a plain text is one that may do everything. */
export interface KeyConfig {
  /** Names its holder in logs. */
  name: string;
  /** The key, or `sha256:…` as `gate keys generate` prints it. */
  key: string;
  /** Default `["call", "work", "admin"]`. */
  may?: readonly Permission[];
}

/** The whole config of a gate. */
export interface GateConfig {
  /** Shown to people; default the host's name. */
  name?: string;
  /** Ways in for callers and workers, such as `http()`, `zmq()`, `grpc()`. */
  transports: readonly Transport[];
  /** By `Service.method`, `Service.*` or `*`; the most specific pattern holds. */
  routes?: Readonly<Record<string, RouteConfig>>;
  /** What looks on while the gate works, such as `metrics()`; their hooks are called in this order. */
  plugins?: readonly Plugin[];
  /** Who may call and serve; default none, and then everyone who reaches a port may. */
  keys?: readonly (string | KeyConfig)[];
  /** How jobs are kept that their callers do not wait for. */
  jobs?: JobsConfig;
  /** How much the log tells, and where; it goes to stderr by itself. */
  log?: LogConfig;
  /** Between two pings to every worker and client; default `"1s"`. */
  heartbeat?: Duration;
  /** Beats without an answer after which a silent worker's jobs are given up; default 10. */
  lostAfter?: number;
  /** Largest payload of a job or a reply; default `"16mb"`. */
  maxPayload?: Size;
  /** Payloads of waiting jobs, of all methods together; default `"256mb"`. A job that does not fit fails as `resource_exhausted`. */
  queueMemory?: Size;
  /** Right after the start, how long a call of an unknown method waits for workers to come back; default `"3s"`. */
  settle?: Duration;
  /** How long running jobs may take to finish when the gate stops; default `"30s"`. */
  drainTimeout?: Duration;
}

/** Checks the types of a config and returns it unchanged. */
export function defineConfig(config: GateConfig): GateConfig {
  return config;
}
