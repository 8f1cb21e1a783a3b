import type { GateSettings } from "unigate/config";
import type { RedisCondition } from "unigate/redis";
import { duration } from "../duration.ts";
import type { PromiseFinding } from "./finding.ts";
import { lossOf, urlOf } from "./redis.ts";

/** What a set-up really guarantees: each promise of the gate, and what the config makes of it. */
export function promisesOf(settings: GateSettings, conditions: ReadonlyMap<string, RedisCondition>): PromiseFinding[] {
  const { heartbeatMs, drainTimeoutMs, queueBytes, maxPayloadBytes } = settings;
  const store = durability(settings, conditions);
  return [
    {
      promise: "exactly one outcome per job",
      holds: "yes",
      because: "one value, one typed error, or the caller's own cancel; whatever the set-up",
    },
    {
      promise: "direct calls run at most once, unless idempotent",
      holds: "yes",
      because: "a job that may have reached a worker is never sent again",
    },
    { promise: "queued (async) jobs run at least once, as durable as their store", ...store },
    {
      promise: "green means it delivers",
      holds: "yes",
      because: `a worker that does not deliver leaves rotation within three heartbeats: ${duration(3 * heartbeatMs)}`,
    },
    {
      promise: "reload, drain and rolling restarts lose no accepted job",
      holds: settings.jobs.store.name === "memory" ? "limited" : "yes",
      because:
        settings.jobs.store.name === "memory"
          ? `running jobs have ${duration(drainTimeoutMs)} to finish; queued ones that wait are lost with the process that keeps them`
          : `running jobs have ${duration(drainTimeoutMs)} to finish; queued ones go on where the store is`,
    },
    {
      promise: "memory is bounded",
      holds: "yes",
      because: `${megabytes(queueBytes)} of waiting payloads, ${megabytes(maxPayloadBytes)} each; more is resource_exhausted`,
    },
  ];
}

function durability({ jobs: { store } }: GateSettings, conditions: ReadonlyMap<string, RedisCondition>): Omit<PromiseFinding, "promise"> {
  if (store.name === "memory")
    return { holds: "limited", because: "they are kept in the memory of the gate: what it has accepted is lost when it ends" };
  const condition = store.name === "redis" ? conditions.get(urlOf(store.options)) : undefined;
  if (store.name === "redis" && condition === undefined) return { holds: "no", because: "their store does not answer: none is accepted" };
  if (condition === undefined) return { holds: "yes", because: `they are as durable as the store ${store.name}` };
  if (condition.evictionPolicy !== "noeviction" && condition.maxMemory > 0)
    return { holds: "no", because: `their Redis throws them away when its memory is full (${condition.evictionPolicy})` };
  const loss = lossOf(condition);
  return loss === undefined ? { holds: "yes", because: "they are on disk before they are accepted" } : { holds: "limited", because: loss };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
