import { type ConfigFault, type Duration, GateError, parseDuration } from "unigate/transport";

/** Options of the Redis transport. */
export interface RedisOptions {
  /**
   * `redis://user:password@host:6379/0`, or `rediss://` for TLS. A cluster adds `?cluster=true`; Sentinel names its master and the
   * sentinels are the hosts: `redis://sentinel-a:26379?sentinel=mymaster`. Further hosts of either: `&node=host:port`.
   */
  url: string;
  /** Begins every key; gates, workers and callers meet under the same one. Default `"gate"`. */
  prefix?: string;
  /** `"pull"` (default): workers take jobs as they have room. `"push"`: the gate's strategies choose the worker. */
  delivery?: "pull" | "push";
  /** Jobs of one service that may wait or run at once; one more is refused as `resource_exhausted`. Default 100 000. */
  maxLength?: number;
  /** How often an idempotent job is given to a worker before it is put aside as dead. Default 3. */
  maxDeliveries?: number;
  /** Period of the beats by which workers keep their place; one that misses three is lost. Default 1 s. */
  heartbeat?: Duration;
}

/** Where Redis is, and how it is run. */
export interface RedisAddress {
  kind: "single" | "cluster" | "sentinel";
  nodes: readonly { host: string; port: number }[];
  username: string | undefined;
  password: string | undefined;
  db: number;
  isTls: boolean;
  /** Name of the master that the sentinels watch. */
  master: string;
  /** Without the password: for people. */
  label: string;
}

/** Options with every default filled in. */
export interface RedisSettings {
  address: RedisAddress;
  prefix: string;
  delivery: "pull" | "push";
  /** For people, and for clients and workers that know the password. */
  meetingUrl: string;
  maxLength: number;
  maxDeliveries: number;
  heartbeatMs: number;
}

/** Beats without a sign of life after which a worker is lost. */
export const lostAfterBeats = 3;

/** Fills in the defaults; throws one `invalid_argument` when `redisFaults` finds any. */
export function redisSettings(options: RedisOptions): RedisSettings {
  const [fault] = redisFaults(options);
  if (fault !== undefined) throw new GateError("invalid_argument", `${fault.path}: ${fault.problem}; ${fault.remedy}`);
  return {
    address: parseRedisUrl(options.url) as RedisAddress,
    prefix: options.prefix ?? "gate",
    delivery: options.delivery ?? "pull",
    meetingUrl: meetingUrl(options),
    maxLength: options.maxLength ?? 100_000,
    maxDeliveries: options.maxDeliveries ?? 3,
    heartbeatMs: parseDuration(options.heartbeat ?? "1s") as number,
  };
}

/** What a client or worker is given to meet a gate with these options; without the password. */
export function meetingUrl({ url, prefix = "gate" }: RedisOptions): string {
  const shown = URL.parse(url);
  if (shown === null) return "";
  shown.username = "";
  shown.password = "";
  if (prefix !== "gate") shown.searchParams.set("prefix", prefix);
  return shown.href;
}

/** Settings of a client or worker, which has nothing but its URL: `?prefix=` and `?heartbeat=` belong to us, the rest is Redis'. */
export function settingsOfUrl(url: URL): RedisSettings {
  const prefix = url.searchParams.get("prefix");
  const heartbeat = url.searchParams.get("heartbeat");
  const maxLength = url.searchParams.get("maxLength");
  const maxDeliveries = url.searchParams.get("maxDeliveries");
  return redisSettings({
    url: url.href,
    ...(prefix === null ? {} : { prefix }),
    ...(heartbeat === null ? {} : { heartbeat }),
    ...(maxLength === null ? {} : { maxLength: Number(maxLength) }),
    ...(maxDeliveries === null ? {} : { maxDeliveries: Number(maxDeliveries) }),
  });
}

/** Every mistake of the options, each with its remedy. */
export function redisFaults(options: RedisOptions): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const { url, prefix, delivery, maxLength, maxDeliveries, heartbeat } = options;
  const tell = (path: string, value: unknown, problem: string, remedy: string): void =>
    void faults.push({ path, problem: `${JSON.stringify(value) ?? "nothing"} ${problem}`, remedy });
  if (parseRedisUrl(url) === undefined) tell("url", url, "is not the URL of a Redis", 'write "redis://127.0.0.1:6379"');
  if (prefix !== undefined && !(typeof prefix === "string" && /^[^\s{}]{1,100}$/.test(prefix)))
    tell("prefix", prefix, "cannot begin a key", 'write a name without spaces and braces, such as "gate"');
  if (delivery !== undefined && delivery !== "pull" && delivery !== "push")
    tell("delivery", delivery, "is no way of delivery", 'write "pull" or "push"');
  if (maxLength !== undefined && !isCount(maxLength)) tell("maxLength", maxLength, "is not a number of jobs", "write 1 or more");
  if (maxDeliveries !== undefined && !isCount(maxDeliveries))
    tell("maxDeliveries", maxDeliveries, "is not a number of deliveries", "write 1 or more");
  const heartbeatMs = heartbeat === undefined ? 1000 : parseDuration(heartbeat);
  if (heartbeatMs === undefined || heartbeatMs < 50) tell("heartbeat", heartbeat, "is not a period of 50 ms or more", 'write "1s"');
  return faults;
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1;
}

/** Takes a `redis://` or `rediss://` URL apart; undefined when it is none. */
export function parseRedisUrl(text: unknown): RedisAddress | undefined {
  const url = typeof text === "string" ? URL.parse(text) : null;
  if (url === null || (url.protocol !== "redis:" && url.protocol !== "rediss:")) return undefined;
  const master = url.searchParams.get("sentinel");
  const kind = master !== null ? "sentinel" : url.searchParams.get("cluster") === "true" ? "cluster" : "single";
  const defaultPort = kind === "sentinel" ? 26_379 : 6379;
  const more = url.searchParams.getAll("node").map((node) => nodeOf(node, defaultPort));
  const db = url.pathname.length > 1 ? Number(url.pathname.slice(1)) : 0;
  if (!Number.isInteger(db) || db < 0 || more.includes(undefined)) return undefined;
  return {
    kind,
    nodes: [{ host: hostOf(url), port: Number(url.port) || defaultPort }, ...(more as { host: string; port: number }[])],
    username: url.username === "" ? undefined : decodeURIComponent(url.username),
    password: url.password === "" ? undefined : decodeURIComponent(url.password),
    db,
    isTls: url.protocol === "rediss:",
    master: master ?? "",
    label: `${url.protocol}//${url.host}${url.pathname === "/" ? "" : url.pathname}`,
  };
}

function nodeOf(text: string, defaultPort: number): { host: string; port: number } | undefined {
  const url = URL.parse(`redis://${text}`);
  return url === null ? undefined : { host: hostOf(url), port: Number(url.port) || defaultPort };
}

function hostOf(url: URL): string {
  return url.hostname === "" ? "127.0.0.1" : url.hostname.replace(/^\[|\]$/g, "");
}
