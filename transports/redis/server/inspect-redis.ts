import { redisSettings } from "../settings.ts";
import { openClient } from "./open-client.ts";

/** How safe a Redis keeps what is written to it. */
export interface RedisCondition {
  /** Without the password. */
  address: string;
  version: string;
  /** When a write reaches the disk; `"never"` without an append-only file. `"unknown"` where the server tells nobody how often. */
  appends: "always" | "everysec" | "no" | "never" | "unknown";
  /** Writes snapshots from time to time; undefined where the server does not say. */
  hasSnapshots: boolean | undefined;
  /** What it throws away when its memory is full; `"noeviction"`: nothing. */
  evictionPolicy: string;
  /** In bytes; 0: no limit. */
  maxMemory: number;
  /** How far its clock is ahead of ours, in ms; as exact as half a round trip. */
  clockAheadMs: number;
}

/** Looks at the settings of a Redis, for tools; of a cluster, at those of one node. Rejects as `openClient` does. */
export async function inspectRedis(url: string): Promise<RedisCondition> {
  const { address } = redisSettings({ url });
  const client = await openClient(address, { reconnects: false, commandTimeoutMs: 5000, name: "gate doctor" });
  try {
    const info = parseInfo(await client.info());
    const sentAt = Date.now();
    const [seconds, microseconds] = await client.time();
    const now = (sentAt + Date.now()) / 2;
    const fsync = await setting(client, "appendfsync");
    const save = await setting(client, "save");
    return {
      address: address.label,
      version: info.get("redis_version") ?? "unknown",
      appends: info.get("aof_enabled") === "1" ? ((fsync ?? "unknown") as RedisCondition["appends"]) : "never",
      hasSnapshots: save === undefined ? undefined : save !== "",
      evictionPolicy: info.get("maxmemory_policy") ?? "unknown",
      maxMemory: Number(info.get("maxmemory") ?? 0),
      clockAheadMs: Math.round(Number(seconds) * 1000 + Number(microseconds) / 1000 - now),
    };
  } finally {
    client.disconnect();
  }
}

/** Undefined where the server, as those of hosting companies do, forbids to ask. */
async function setting(client: Awaited<ReturnType<typeof openClient>>, name: string): Promise<string | undefined> {
  try {
    const answer = await client.config("GET", name);
    return Array.isArray(answer) ? answer[1] : undefined;
  } catch {
    return undefined;
  }
}

function parseInfo(text: string): Map<string, string> {
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}
