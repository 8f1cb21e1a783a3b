import { z } from "zod";
import { type AccessKey, isKey, permissions } from "../access/keyring.ts";
import { closestName } from "../error/closest-name.ts";
import { bindingForm, type BoundTarget, parseBinding } from "../job/http-binding.ts";
import type { JobSettings } from "../jobs/job-settings.ts";
import type { JobStoreConfig } from "../jobs/job-store.ts";
import type { Route } from "../routing/route.ts";
import { isPattern } from "../routing/route-table.ts";
import type { Plugin } from "../plugin/plugin.ts";
import { roundRobin } from "../strategy/round-robin.ts";
import type { Strategy } from "../strategy/strategy.ts";
import type { Transport } from "../transport/transport.ts";
import { bindingFaults, boundTargets } from "./binding-faults.ts";
import { parseDuration } from "./duration.ts";
import { type ConfigFault, configError } from "./fault.ts";
import type { RouteConfig } from "./route-config.ts";
import { intakeFaults, intakeShape, toIntake } from "./intake-config.ts";
import { logKeys, logShape } from "./log-config.ts";
import { jobsKeys, jobsShape, toJobSettings } from "./jobs-config.ts";
import { pluginFaults } from "./plugin-faults.ts";
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

// Each message is "problem; remedy": zod says where, we say what to do.
const duration = z.custom<string | number>(
  (value) => parseDuration(value) !== undefined,
  'is not a duration; write one such as "30s" or a number of milliseconds',
);
const size = z.custom<string | number>(
  (value) => parseSize(value) !== undefined,
  'is not a size; write one such as "16mb" or a number of bytes',
);
const count = (least: number): z.ZodNumber =>
  z.int(`is not a whole number; write ${least} or more`).min(least, `is too small; write ${least} or more`);
const strategy = z.custom<Strategy>(
  (value) => isObject(value) && typeof value["createBalancer"] === "function",
  'is not a strategy; import one from "unigate", such as roundRobin()',
);
const transport = z.custom<Transport>(
  (value) => isObject(value) && typeof value["start"] === "function",
  'is not a transport; import one, such as http() from "unigate/http"',
);
const plugin = z.custom<Plugin>(
  (value) => isObject(value) && typeof value["start"] === "function" && typeof value["name"] === "string",
  'is not a plugin; import one, such as metrics() from "unigate/plugins/metrics"',
);
const notBinding = `is not a binding; ${bindingForm}`;
const binding = z.string(notBinding).refine((text) => parseBinding(text) !== undefined, notBinding);

const secret = z
  .string("is not a key; write the key, or the sha256:… that `gate keys generate` prints")
  .refine(isKey, "is too short or malformed; `gate keys generate` makes a good one");
const key = z.union(
  [
    secret,
    z.strictObject({
      name: z.string("is not a text; name who holds the key").min(1, "is empty; name who holds the key"),
      key: secret,
      may: z.array(z.enum(permissions, `is not a permission; known are ${permissions.join(", ")}`)).optional(),
    }),
  ],
  'is not a key; write a key of 16 characters or more, or { name: "web", key: "sha256:…", may: ["call"] }',
);

const route = z.strictObject(
  {
    strategy: strategy.optional(),
    timeout: duration.optional(),
    queue: count(0).optional(),
    waitForWorker: duration.optional(),
    waitForRoom: duration.optional(),
    attempts: count(1).optional(),
    idempotent: z.boolean("is not true or false; write one of them").optional(),
    public: z.boolean("is not true or false; write one of them").optional(),
    http: z.union([binding, z.array(binding)], `${notBinding} or a list of such`).optional(),
    ...intakeShape,
  },
  'is not an object; write { timeout: "30s" }, or {} for a route with every default',
);

const gate = z.strictObject(
  {
    name: z.string("is not a text; write a name").optional(),
    transports: z
      .array(transport, "is missing or not a list; write transports: [http(), zmq()]")
      .min(1, "is empty; write at least one, such as http()"),
    routes: z.record(z.string(), route, 'is not an object; write routes: { "Service.*": { … } }').optional(),
    plugins: z.array(plugin, "is not a list; write plugins: [metrics()]").optional(),
    keys: z.array(key, 'is not a list; write keys: ["sha256:…"]').optional(),
    jobs: jobsShape.optional(),
    log: logShape.optional(),
    heartbeat: duration.optional(),
    lostAfter: count(4).optional(),
    maxPayload: size.optional(),
    queueMemory: size.optional(),
    settle: duration.optional(),
    drainTimeout: duration.optional(),
  },
  "is not an object; export default defineConfig({ … })",
);

/** Resolves a config; throws one `invalid_argument` that lists every fault, those of the transports' options included. */
export function parseConfig(config: unknown, source = "the config"): GateSettings {
  const parsed = gate.safeParse(config);
  const faults = parsed.success ? [] : parsed.error.issues.flatMap((issue) => toFaults(issue));
  if (isObject(config)) {
    const bound = boundTargets(config["routes"]);
    faults.push(...patternFaults(config["routes"]), ...bindingFaults(bound), ...transportFaults(config["transports"], bound));
    faults.push(...storeFaults(config["jobs"]), ...pluginFaults(config));
  }
  if (!parsed.success || faults.length > 0) throw configError(source, faults);
  const { data } = parsed;
  const routes = Object.entries(data.routes ?? {}).map(([pattern, value]) => toRoute(pattern, value as RouteConfig));
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

function toFaults(issue: z.core.$ZodIssue): ConfigFault[] {
  const path = pathText(issue.path);
  if (issue.code === "unrecognized_keys") {
    const [part] = issue.path;
    const known = knownKeys(part);
    return issue.keys.map((key) => {
      const closest = closestName(key, known);
      return {
        path: path === "" ? key : `${path}.${key}`,
        problem: "is not a known key",
        remedy: closest === undefined ? `known are ${known.join(", ")}` : `did you mean ${closest}?`,
      };
    });
  }
  const [problem = "is wrong", remedy = "see the config reference"] = issue.message.split("; ");
  return [{ path: path || "config", problem, remedy }];
}

function knownKeys(part: unknown): readonly string[] {
  if (part === "jobs") return jobsKeys;
  if (part === "log") return logKeys;
  return Object.keys((part === "routes" ? route : gate).shape);
}

function patternFaults(routes: unknown): ConfigFault[] {
  if (!isObject(routes)) return [];
  const faults: ConfigFault[] = [];
  for (const [pattern, value] of Object.entries(routes)) {
    const path = pathText(["routes", pattern]);
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

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    return /^[A-Za-z_]\w*$/.test(name) ? `${text}${text === "" ? "" : "."}${name}` : `${text}[${JSON.stringify(name)}]`;
  }, "");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
