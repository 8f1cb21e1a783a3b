import type { Permission } from "../access/keyring.ts";
import type { Plugin } from "../plugin/plugin.ts";
import type { IntakeMode } from "../webhook/intake.ts";
import type { Strategy } from "../strategy/strategy.ts";
import type { Transport } from "../transport/transport.ts";
import type { Webhook } from "../webhook/webhook.ts";
import type { Duration } from "./duration.ts";
import type { LogConfig } from "./log-config.ts";
import type { JobsConfig } from "./jobs-config.ts";
import type { Size } from "./size.ts";

/** What to do with jobs for the targets that the route's pattern matches. Everything has a default. */
export interface RouteConfig {
  /** How jobs are spread over workers; default `roundRobin()`. */
  strategy?: Strategy;
  /** Longest life of a job whose caller named no earlier deadline; default `"60s"`, `0` for none. */
  timeout?: Duration;
  /** Jobs of one method that may wait for room; default 10 000. One more fails as `resource_exhausted`. */
  queue?: number;
  /** How long a job waits while no worker of a known method is alive; default `"2s"`. */
  waitForWorker?: Duration;
  /** How long a job waits for a place on a busy worker, then `resource_exhausted`; default until its deadline. */
  waitForRoom?: Duration;
  /** Workers that an idempotent job may be tried on, the first included; default 3. */
  attempts?: number;
  /** Every job of this route may run more than once. */
  idempotent?: boolean;
  /** HTTP callers need no key, even where the gate has keys. */
  public?: boolean;
  /** HTTP bindings, `"POST /api/x/:id"`; for a pattern that names one method. */
  http?: string | string[];
  /**
   * When an HTTP caller gets its answer. `"live"`, the default: as soon as a worker has given it. `"async"`: at once, with 202; the job is
   * kept, and runs when a worker is there. `"live-else-inbox"`: live while a worker is up, else kept.
   */
  mode?: IntakeMode;
  /** HTTP callers need a signature of this sender, and no key; import one from `unigate/webhooks`. */
  webhook?: Webhook;
  /** With mode `"async"`: jobs with the same value of this header, or `":param.name"` of the path, run one after the other; `":binding"` for all. */
  orderBy?: string;
}

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
