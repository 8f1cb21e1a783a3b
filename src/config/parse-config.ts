import { type AccessKey, permissions } from "../access/keyring.ts";
import type { BoundTarget } from "../job/http-binding.ts";
import type { JobSettings } from "../jobs/job-settings.ts";
import type { JobStoreConfig } from "../jobs/job-store.ts";
import type { Route } from "../routing/route.ts";
import { isPattern } from "../routing/route-table.ts";
import type { Plugin } from "../plugin/plugin.ts";
import { roundRobin } from "../strategy/round-robin.ts";
import type { Transport } from "../transport/transport.ts";
import { bindingFaults, boundTargets } from "./binding-faults.ts";
import { parseDuration } from "./duration.ts";
import { type ConfigFault, configError } from "./fault.ts";
import type { GateConfig } from "./gate-config.ts";
import { gateShape } from "./gate-shape.ts";
import { intakeFaults, toIntake } from "./intake-config.ts";
import { toJobSettings } from "./jobs-config.ts";
import { pluginFaults } from "./plugin-faults.ts";
import type { RouteConfig } from "./route-config.ts";
import { childPath, isObject } from "./shape.ts";
import { parseSize } from "./size.ts";

/** A config with every default filled in and every unit resolved. */
export interface GateSettings {
  name: string | undefined;
  transports: readonly Transport[];
  routes: Route[];
  /** For targets that no pattern matches. */
  fallback: Route;
  /** HTTP bindings that routes add to what workers declare, by target. */
  http: ReadonlyMap<string, readonly string[]>;
  plugins: readonly Plugin[];
  keys: readonly AccessKey[];
  jobs: JobSettings;
  heartbeatMs: number;
  lostAfterBeats: number;
  maxPayloadBytes: number;
  queueBytes: number;
  settleMs: number;
  drainTimeoutMs: number;
}

/** Resolves a config; throws one `invalid_argument` that lists every fault, those of the transports' options included. */
export function parseConfig(config: unknown, source = "the config"): GateSettings {
  const faults = gateShape(config, "");
  if (isObject(config)) {
    const bound = boundTargets(config["routes"]);
    faults.push(...patternFaults(config["routes"]), ...bindingFaults(bound), ...transportFaults(config["transports"], bound));
    faults.push(...storeFaults(config["jobs"]), ...pluginFaults(config));
  }
  if (faults.length > 0) throw configError(source, faults);
  return toSettings(config as GateConfig);
}

/** Fills in the defaults of a config that has no fault. */
function toSettings(data: GateConfig): GateSettings {
  const routes = Object.entries(data.routes ?? {}).map(([pattern, value]) => toRoute(pattern, value));
  return {
    name: data.name,
    transports: data.transports,
    plugins: data.plugins ?? [],
    routes,
    fallback: toRoute("*", {}),
    http: new Map(Object.entries(data.routes ?? {}).map(([pattern, value]) => [pattern, [value.http ?? []].flat()])),
    keys: (data.keys ?? []).map((one, at) =>
      typeof one === "string" ? { name: `key ${at + 1}`, key: one, may: permissions } : { ...one, may: one.may ?? permissions },
    ),
    jobs: toJobSettings(data.jobs),
    heartbeatMs: ms(data.heartbeat, 1000),
    lostAfterBeats: data.lostAfter ?? 10,
    maxPayloadBytes: parseSize(data.maxPayload) ?? 16 * 1024 * 1024,
    queueBytes: parseSize(data.queueMemory) ?? 256 * 1024 * 1024,
    settleMs: ms(data.settle, 3000),
    drainTimeoutMs: ms(data.drainTimeout, 30_000),
  };
}

/** A route with every default filled in; its config has no fault. */
export function toRoute(pattern: string, config: RouteConfig): Route {
  return {
    pattern,
    strategy: config.strategy ?? roundRobin(),
    timeoutMs: ms(config.timeout, 60_000) || Infinity,
    hasDefaultTimeout: config.timeout === undefined,
    queue: config.queue ?? 10_000,
    waitForWorkerMs: ms(config.waitForWorker, 2000),
    waitForRoomMs: ms(config.waitForRoom, Infinity),
    retry: { attempts: config.attempts ?? 3 },
    idempotent: config.idempotent ?? false,
    isPublic: config.public ?? false,
    intake: toIntake(config),
  };
}

function ms(value: string | number | undefined, fallback: number): number {
  return parseDuration(value) ?? fallback;
}

function patternFaults(routes: unknown): ConfigFault[] {
  if (!isObject(routes)) return [];
  const faults: ConfigFault[] = [];
  for (const [pattern, value] of Object.entries(routes)) {
    const path = childPath("routes", pattern);
    if (!isPattern(pattern)) faults.push({ path, problem: "is not a pattern", remedy: 'write "Service.method", "Service.*" or "*"' });
    else if (pattern.endsWith("*") && isObject(value) && value["http"] !== undefined)
      faults.push({ path: `${path}.http`, problem: "binds a pattern", remedy: 'bind one method, such as "Service.method"' });
    if (isObject(value)) faults.push(...intakeFaults(path, value));
  }
  return faults;
}

function transportFaults(transports: unknown, bound: readonly BoundTarget[]): ConfigFault[] {
  if (!Array.isArray(transports)) return [];
  return transports.flatMap((value: unknown, at) => {
    if (!isObject(value) || typeof value["check"] !== "function") return [];
    return (value as unknown as Required<Pick<Transport, "check">>)
      .check(bound)
      .map((fault) => ({ ...fault, path: `transports[${at}].${fault.path}` }));
  });
}

function storeFaults(jobs: unknown): ConfigFault[] {
  const store = isObject(jobs) ? jobs["store"] : undefined;
  if (!isObject(store) || typeof store["check"] !== "function") return [];
  return (store as unknown as Required<Pick<JobStoreConfig, "check">>)
    .check()
    .map((fault) => ({ ...fault, path: `jobs.store.${fault.path}` }));
}
