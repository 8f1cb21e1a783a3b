import type { GateSettings } from "unigate/config";
import { GateError } from "unigate/transport";
import type { RedisCondition } from "unigate/redis";
import type { Finding } from "./finding.ts";

/** What the Redis servers of a config are like: those of its transports, and that of its job store. */
export async function redisFindings(settings: GateSettings): Promise<{ findings: Finding[]; conditions: Map<string, RedisCondition> }> {
  const urls = new Set([...settings.transports, settings.jobs.store].flatMap((one) => (one.name === "redis" ? [urlOf(one.options)] : [])));
  const conditions = new Map<string, RedisCondition>();
  const findings: Finding[] = [];
  for (const url of urls) {
    // Loaded only for a config that names one.
    const { inspectRedis } = await import("unigate/redis");
    try {
      const condition = await inspectRedis(url);
      conditions.set(url, condition);
      findings.push(...findingsOf(condition));
    } catch (error) {
      findings.push({ check: "Redis", state: "broken", found: GateError.from(error).message, remedy: "start it, or correct its URL" });
    }
  }
  return { findings, conditions };
}

/** The URL among the options of a transport or a job store for Redis. */
export function urlOf(options: unknown): string {
  return (options as { url: string }).url;
}

/** What a Redis loses in a crash, in words; undefined when that is nothing. */
export function lossOf({ appends, hasSnapshots }: RedisCondition): string | undefined {
  if (appends === "always") return undefined;
  if (appends === "everysec" || appends === "unknown") return "a crash of its machine may lose the last second";
  if (appends === "no") return "a crash of its machine loses what the system had not written yet, about half a minute";
  if (hasSnapshots === false) return "a restart of it loses everything";
  return "a crash of it loses everything since its last snapshot";
}

function findingsOf(condition: RedisCondition): Finding[] {
  const { address, version, evictionPolicy, maxMemory, clockAheadMs } = condition;
  const loss = lossOf(condition);
  return [
    { check: "Redis", state: "good", found: `${version} at ${address}` },
    {
      check: "Redis persistence",
      state: loss === undefined || condition.appends === "everysec" ? "good" : "warning",
      found: loss ?? "writes are on disk before they are answered",
      ...(loss === undefined ? {} : { remedy: "appendonly yes and appendfsync always keep everything, and cost a write to disk each" }),
    },
    eviction(evictionPolicy, maxMemory),
    ...(Math.abs(clockAheadMs) > 1000
      ? [
          {
            check: "Redis clock",
            state: "warning",
            found: `${Math.abs(clockAheadMs)} ms ${clockAheadMs > 0 ? "ahead of" : "behind"} ours: times of kept jobs are off by as much`,
            remedy: "let NTP set both clocks",
          } satisfies Finding,
        ]
      : []),
  ];
}

function eviction(policy: string, maxMemory: number): Finding {
  const check = "Redis eviction";
  if (policy === "noeviction") return { check, state: "good", found: "noeviction: it refuses what has no room, and throws nothing away" };
  const remedy = "maxmemory-policy noeviction";
  if (maxMemory === 0) return { check, state: "warning", found: `${policy}, which begins when somebody sets maxmemory`, remedy };
  return { check, state: "broken", found: `${policy}: it throws jobs away when its memory is full`, remedy };
}
