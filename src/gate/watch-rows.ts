/** The rows of `Gate.watch`, read of the registry and the dispatcher as they are now; the gate's own service is left out. */
import { newCounts, type Target } from "../dispatch/target.ts";
import type { AsyncJobs } from "../jobs/async-jobs.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import type { Registry } from "../registry/registry.ts";
import type { Pool } from "../registry/pool.ts";
import type { Route } from "../routing/route.ts";
import type { PoolRow, TargetRow, WatchUpdate, WorkerRow } from "../transport/watch-update.ts";
import type { RowTable } from "./changed-rows.ts";
import { isControlTarget } from "./control-service.ts";
import { type StatusSource, workersOf } from "./gate-status.ts";

/** A target that a worker serves or the config names; `target` is undefined before its first job. */
interface WatchedTarget {
  pool: Pool;
  target: Target | undefined;
  route: Route;
  dead: number;
  now: number;
}

/** Tells how many dead jobs a gate keeps of each target. */
type Kept = Pick<AsyncJobs, "deadByTarget">;

/** A row for every target, called or not. */
export function targetTable(source: StatusSource, kept: Kept): RowTable<WatchedTarget, TargetRow, "name"> {
  return {
    key: "name",
    columns: {
      name: ({ pool }) => pool.target,
      route: ({ route }) => route.pattern,
      strategy: ({ route }) => route.strategy.name,
      workers: ({ pool }) => pool.members.length,
      bound: ({ route }) => route.queue,
      running: ({ target }) => target?.running ?? 0,
      depth: ({ target }) => target?.queue.size ?? 0,
      oldestMs: oldestOf,
      accepted: ({ target }) => target?.counts.accepted ?? 0,
      completed: ({ target }) => target?.counts.completed ?? 0,
      failed: ({ target }) => target?.counts.failed ?? 0,
      cancelled: ({ target }) => target?.counts.cancelled ?? 0,
      expired: ({ target }) => target?.counts.expired ?? 0,
      refused: ({ target }) => target?.counts.refused ?? 0,
      dead: ({ dead }) => dead,
      p50Ms: ({ target }) => target?.latency.summary().p50Ms ?? 0,
      p99Ms: ({ target }) => target?.latency.summary().p99Ms ?? 0,
    },
    sources: targetsOf(source, kept),
  };
}

function targetsOf(source: StatusSource, kept: Kept): () => Iterable<WatchedTarget> {
  const { clock, registry, dispatcher } = source;
  const matchOf = matcher(source);
  return function* () {
    const now = clock.now();
    const dead = deadLetters(registry, kept.deadByTarget);
    for (const [name, pool] of registry.pools) {
      if (isControlTarget(name)) continue;
      const target = dispatcher.targets.get(name);
      yield { pool, target, route: target?.route ?? matchOf(pool), dead: dead.get(name) ?? 0, now };
    }
  };
}

/** Dead letters by target: those that the gate keeps, and those that were put aside behind its links. */
function deadLetters(registry: Registry, kept: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const sum = new Map(kept);
  for (const { link } of registry.endpoints.values())
    for (const [target, dead] of link.deadByTarget?.() ?? []) sum.set(target, (sum.get(target) ?? 0) + dead);
  return sum;
}

/** Finds the routes of targets that have had no job: once, until there is another table. */
function matcher(source: StatusSource): (pool: Pool) => Route {
  let table = source.routes();
  let known = new WeakMap<Pool, Route>();
  return (pool) => {
    if (table !== source.routes()) {
      table = source.routes();
      known = new WeakMap();
    }
    let route = known.get(pool);
    if (route === undefined) known.set(pool, (route = table.match(pool.target)));
    return route;
  };
}

function oldestOf({ target, now }: WatchedTarget): number {
  if (target === undefined || target.queue.size === 0) return 0;
  return Math.round(now - (target.queue.first?.acceptedAt ?? now));
}

/** A row for every worker. */
export function workerTable(source: StatusSource): RowTable<Endpoint, WorkerRow, "id"> {
  const { startedAt } = source.identity();
  return {
    key: "id",
    columns: {
      id: ({ id }) => id,
      transport: ({ transport }) => transport,
      address: ({ address }) => address,
      state: ({ state }) => state,
      version: ({ version }) => version ?? "",
      capacity: ({ capacity }) => capacity,
      inFlight: ({ inFlight }) => inFlight,
      beats: ({ link }) => link.beats ?? -1,
      missedBeats: ({ link }) => link.missedBeats ?? 0,
      completed: ({ completed }) => completed,
      failed: ({ failed }) => failed,
      averageMs: ({ completed, failed, busyMs }) => (completed + failed === 0 ? 0 : busyMs / (completed + failed)),
      p99Ms: ({ latency }) => latency.summary().p99Ms,
      joinedAtMs: ({ joinedAt }) => Math.round(joinedAt - startedAt),
    },
    sources: () => workersOf(source.registry),
  };
}

/** A row for every pool of servers behind a door. */
export function poolTable({ doors }: StatusSource): RowTable<PoolRow, PoolRow, "name"> {
  return {
    key: "name",
    columns: {
      name: ({ name }) => name,
      transport: ({ transport }) => transport,
      servers: ({ servers }) => servers,
      ready: ({ ready }) => ready,
      connections: ({ connections }) => connections,
      calls: ({ calls }) => calls,
      capacity: ({ capacity }) => capacity,
      waiting: ({ waiting }) => waiting,
    },
    sources: () => poolRows(doors),
  };
}

function* poolRows(doors: StatusSource["doors"]): Generator<PoolRow> {
  for (const { name, transport, servers, waiting } of doors.pools()) {
    const row: PoolRow = { name, transport, servers: servers.length, ready: 0, connections: 0, calls: 0, capacity: 0, waiting };
    for (const { state, connections, calls, capacity } of servers) {
      row.connections += connections;
      row.calls += calls;
      if (state !== "ready") continue;
      row.ready++;
      row.capacity += capacity;
    }
    yield row;
  }
}

/** Sums over all targets. */
export function jobFigures({ dispatcher, latency }: StatusSource): WatchUpdate["jobs"] {
  const sum = { open: 0, ...dispatcher.totals };
  for (const { name, running, queue, counts } of dispatcher.targets.values()) {
    if (isControlTarget(name)) for (const key of countKeys) sum[key] -= counts[key];
    else sum.open += running + queue.size;
  }
  return { ...sum, ...latency.summary() };
}

const countKeys = Object.keys(newCounts()) as (keyof ReturnType<typeof newCounts>)[];
