import type { Cluster, Redis, RedisOptions } from "ioredis";
import { GateError } from "unigate/transport";
import type { RedisAddress } from "../settings.ts";

/** A connection to one Redis, or to all nodes of a cluster. */
export type RedisClient = Redis | Cluster;

/** How a client behaves when its connection is lost. */
export interface ClientOptions {
  /** It connects again by itself; otherwise whoever owns it makes a new one. */
  reconnects: boolean;
  /** Time that one command may take, in ms; none for blocked reads, which have a watchdog of their own. */
  commandTimeoutMs?: number;
  /** Shown by `CLIENT LIST`. */
  name: string;
}

const connectTimeoutMs = 5000;
const endedRetryMs = 200;

const closed = new WeakSet<RedisClient>();

/** Connects to Redis. Rejects with `unavailable` and the reason; a wrong password is `unauthenticated`. */
export async function openClient(address: RedisAddress, options: ClientOptions): Promise<RedisClient> {
  const client = await createClient(address, options);
  // Its failures are told to whoever waits for a command; without a listener they would end the process.
  let last: Error | undefined;
  client.on("error", (error: Error) => (last = error));
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${connectTimeoutMs} ms`)), connectTimeoutMs);
  try {
    await Promise.race([client.connect(), overdue]);
    if (options.reconnects) client.on("end", () => bringBack(client));
    return client;
  } catch (error) {
    client.disconnect();
    throw connectError(last ?? error, address);
  } finally {
    clearTimeout(timer);
  }
}

/** Closes a client for good. */
export function closeClient(client: RedisClient): void {
  closed.add(client);
  client.disconnect();
}

/**
 * Connects a client again that has given up by itself: it does so when its connection is doubted, or a sentinel tells of a failover, in
 * the moment in which it asks a sentinel for the master.
 */
function bringBack(client: RedisClient): void {
  setTimeout(() => {
    if (!closed.has(client)) client.connect().catch(() => {});
  }, endedRetryMs).unref();
}

async function createClient(address: RedisAddress, options: ClientOptions): Promise<RedisClient> {
  const { Cluster, Redis } = await import("ioredis");
  const { reconnects, commandTimeoutMs, name } = options;
  const retryStrategy = (attempt: number): number | null => (reconnects ? Math.min(1000, 25 * 2 ** attempt) : null);
  const common = {
    protocol: 2,
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    connectionName: name,
    disableClientInfo: true,
    db: address.db,
    keepAlive: 60_000,
    // A command is written once or not at all: what was in flight when the connection broke is ours to judge.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy,
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(address.isTls ? { tls: {} } : {}),
    ...(commandTimeoutMs === undefined ? {} : { commandTimeout: commandTimeoutMs }),
  } satisfies RedisOptions;
  const [first] = address.nodes;
  if (address.kind === "cluster")
    return new Cluster([...address.nodes], {
      lazyConnect: true,
      // Nodes are connected to with their first command, and the next ones must wait for that.
      enableOfflineQueue: true,
      // Its own check leaves whoever waits waiting when the cluster is down; commands tell as well.
      enableReadyCheck: false,
      // As above: never twice.
      retryDelayOnFailover: 0,
      clusterRetryStrategy: retryStrategy,
      slotsRefreshTimeout: connectTimeoutMs,
      redisOptions: { ...common, db: 0 },
    });
  if (address.kind === "sentinel")
    return new Redis({
      ...common,
      sentinels: [...address.nodes],
      name: address.master,
      sentinelRetryStrategy: retryStrategy,
      failoverDetector: true,
    });
  return new Redis({ ...common, ...first });
}

function connectError(error: unknown, { label }: RedisAddress): GateError {
  const message = error instanceof Error ? error.message : String(error);
  if (/^(WRONGPASS|NOAUTH|NOPERM)/.test(message))
    return new GateError("unauthenticated", `Redis at ${label} refuses us: ${message}`, { cause: error });
  return new GateError("unavailable", `cannot reach Redis at ${label}: ${message}`, { cause: error });
}
