import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { pinnedVersion } from "../dispatch/pinned-version.ts";
import type { JobRun } from "../dispatch/run.ts";
import { closestName } from "../error/closest-name.ts";
import { GateError } from "../error/gate-error.ts";
import { serviceOf } from "../job/job.ts";
import type { MethodInfo } from "../job/method-info.ts";
import type { Clock } from "../observe/clock.ts";
import type { LatencyWindow } from "../observe/latency.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import type { Registry } from "../registry/registry.ts";
import type { Route } from "../routing/route.ts";
import type { RouteTable } from "../routing/route-table.ts";
import type {
  Explanation,
  GateInfo,
  GateStatus,
  JobExplanation,
  QueueStatus,
  RouteStatus,
  ServiceStatus,
  WorkerStatus,
} from "../transport/status.ts";
import type { Doors } from "./doors.ts";
import { controlId, controlPattern, controlService, isControlTarget } from "./control-service.ts";
import { version } from "../observe/version.ts";
import { missedBeats } from "./missed-beats.ts";

/** What the snapshots are taken of. */
export interface StatusSource {
  readonly clock: Clock;
  readonly registry: Registry;
  readonly dispatcher: Dispatcher;
  /** Of the jobs of all targets but the gate's own. */
  readonly latency: LatencyWindow;
  routes(): RouteTable;
  /** Methods with their HTTP bindings. */
  methods(): MethodInfo[];
  readonly doors: Pick<Doors, "transports" | "describe" | "pools">;
  identity(): Pick<GateInfo, "name" | "id" | "state"> & { startedAt: number };
}

const infoTarget = `${controlService}.info`;

/** Every endpoint but the gate itself. */
export function workersOf(registry: Registry): Endpoint[] {
  return [...registry.endpoints.values()].filter((endpoint) => !isControl(endpoint));
}

/** The worker of that name; throws `not_found`. */
export function findWorker(registry: Registry, id: string): Endpoint {
  const endpoint = registry.endpoints.get(id);
  if (endpoint !== undefined && !isControl(endpoint)) return endpoint;
  const closest = closestName(id, registry.endpoints.keys());
  const hint = closest === undefined ? "`gate workers` lists them" : `did you mean ${closest}?`;
  throw new GateError("not_found", `there is no worker ${JSON.stringify(id)}; ${hint}`);
}

/** Jobs under way of the gate's own service, such as the one that asks. */
function ownJobs({ targets }: Dispatcher): number {
  let count = 0;
  for (const { name, running, queue } of targets.values()) if (serviceOf(name) === controlService) count += running + queue.size;
  return count;
}

function isControl(endpoint: Endpoint): boolean {
  // The gate joins first, under its own name; a worker of that name has nothing of the gate's service.
  return endpoint.id === controlId && endpoint.methods.has(infoTarget);
}

/** Snapshots of a running gate. The gate's own service is left out of them. */
export function createGateStatus(source: StatusSource): GateStatus {
  const workers = (): Endpoint[] => workersOf(source.registry);

  return {
    isReady: () => source.identity().state === "ready",

    info() {
      const { startedAt, ...identity } = source.identity();
      const jobs = { open: source.dispatcher.open.size - ownJobs(source.dispatcher), ...source.dispatcher.totals };
      const states = { ready: 0, draining: 0, down: 0 };
      for (const endpoint of workers()) states[endpoint.state]++;
      return {
        ...identity,
        transports: source.doors.describe(),
        version,
        uptimeMs: Math.round(source.clock.now() - startedAt),
        jobs,
        workers: states,
        methods: source.methods().length,
        process: { pid: process.pid, node: process.version, residentBytes: process.memoryUsage.rss() },
      };
    },

    routes() {
      const table = source.routes();
      const targets = new Map<Route, RouteStatus["targets"]>();
      for (const method of source.methods()) {
        const route = table.match(method.name);
        const entry = { name: method.name, http: method.http ?? [], workers: source.registry.pool(method.name)?.members.length ?? 0 };
        targets.set(route, [...(targets.get(route) ?? []), entry]);
      }
      // The gate's own route is there unless the config has one.
      const shown = table.routes.filter(({ pattern }) => pattern !== controlPattern);
      return shown.map((route) => routeStatus(route, targets.get(route) ?? []));
    },

    services() {
      const services = new Map<string, ServiceStatus>();
      for (const method of source.methods()) {
        const name = serviceOf(method.name);
        const service = services.get(name) ?? { name, workers: 0, methods: [] };
        service.methods.push(method);
        services.set(name, service);
      }
      for (const endpoint of workers()) {
        if (endpoint.state !== "ready") continue;
        for (const name of new Set([...endpoint.methods.keys()].map(serviceOf))) {
          const service = services.get(name);
          if (service !== undefined) service.workers++;
        }
      }
      return [...services.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },

    workers: () => workers().map((endpoint) => workerStatus(endpoint, source.clock.now())),

    worker(id) {
      const now = source.clock.now();
      const endpoint = findWorker(source.registry, id);
      const failures = endpoint.failures.map(({ at, ...failure }) => ({ agoMs: Math.round(now - at), ...failure }));
      return { ...workerStatus(endpoint, now), failures };
    },

    queues() {
      const now = source.clock.now();
      const queues: QueueStatus[] = [];
      for (const target of source.dispatcher.targets.values()) {
        if (isControlTarget(target.name)) continue;
        const oldestMs = target.queue.first === undefined ? 0 : Math.round(now - target.queue.first.acceptedAt);
        queues.push({
          target: target.name,
          route: target.route.pattern,
          depth: target.queue.size,
          bound: target.route.queue,
          oldestMs,
          running: target.running,
          ...target.counts,
        });
      }
      return queues;
    },

    pools: () => source.doors.pools(),

    explain(name, wanted): Explanation {
      const table = source.routes();
      const route = table.match(name);
      const pool = source.registry.pool(name);
      const target = source.dispatcher.targets.get(name);
      return {
        target: name,
        isKnown: pool !== undefined || table.isNamed(name),
        patterns: table.explain(name),
        route: route.pattern,
        strategy: route.strategy.name,
        queue: { depth: target?.queue.size ?? 0, bound: route.queue },
        candidates: workers().map((endpoint) => ({ id: endpoint.id, ...standing(endpoint, name, wanted) })),
      };
    },

    explainJob: (id) => explainJob([...source.dispatcher.open], id, source.clock.now()),
  };
}

function explainJob(open: readonly JobRun[], id: string, now: number): JobExplanation {
  const run = open.find(({ job }) => job.id === id);
  if (run === undefined)
    throw new GateError("not_found", `no job ${JSON.stringify(id)} is under way; the gate's log has a line for each that failed`);
  const isWaiting = run.state === "waiting";
  const isAhead = (other: JobRun): boolean => other.state === "waiting" && other.target === run.target && other.order < run.order;
  return {
    id,
    target: run.job.target,
    route: run.route,
    state: isWaiting ? "waiting" : "running",
    worker: run.worker,
    attempts: run.attempts,
    ageMs: Math.round(now - run.acceptedAt),
    leftMs: run.deadline === Infinity ? undefined : Math.round(run.deadline - now),
    ahead: isWaiting ? open.filter(isAhead).length : 0,
    version: pinnedVersion(run.job),
  };
}

/** Whether an endpoint is in the running for a target, and why not. */
function standing(endpoint: Endpoint, target: string, wanted: string | undefined): { isCandidate: boolean; reason: string } {
  const load = `${endpoint.inFlight} of ${endpoint.capacity} in flight`;
  if (!endpoint.methods.has(target)) return { isCandidate: false, reason: "does not serve it" };
  if (endpoint.state === "draining") return { isCandidate: false, reason: `draining, ${load}` };
  if (endpoint.state === "down") return { isCandidate: false, reason: `down${missedBeats(endpoint.link)}` };
  if (wanted !== undefined && endpoint.version !== wanted)
    return { isCandidate: false, reason: `is version ${endpoint.version ?? "(none)"}, not ${wanted}` };
  if (!endpoint.isAvailable) return { isCandidate: false, reason: `full: ${load}` };
  return { isCandidate: true, reason: load };
}

function routeStatus(route: Route, targets: RouteStatus["targets"]): RouteStatus {
  const { pattern, strategy, timeoutMs, queue, waitForWorkerMs, retry, idempotent } = route;
  return { pattern, strategy: strategy.name, timeoutMs, queue, waitForWorkerMs, attempts: retry.attempts, idempotent, targets };
}

function workerStatus(endpoint: Endpoint, now: number): WorkerStatus {
  const ended = endpoint.completed + endpoint.failed;
  return {
    id: endpoint.id,
    transport: endpoint.transport,
    address: endpoint.address,
    state: endpoint.state,
    version: endpoint.version,
    weight: endpoint.weight,
    capacity: endpoint.capacity,
    inFlight: endpoint.inFlight,
    missedBeats: endpoint.link.missedBeats ?? 0,
    total: ended,
    completed: endpoint.completed,
    failed: endpoint.failed,
    averageMs: ended === 0 ? 0 : endpoint.busyMs / ended,
    ...endpoint.latency.summary(),
    uptimeMs: Math.round(now - endpoint.joinedAt),
    methods: [...endpoint.methods.keys()],
  };
}
