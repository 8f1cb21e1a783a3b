/** The rows of `Gate.watch`, made of the registry and the dispatcher as they are now; the gate's own service is left out. */
import { newCounts } from "../dispatch/target.ts";
import { summarize } from "../observe/latency.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import type { PoolRow, TargetRow, WatchUpdate, WorkerRow } from "../transport/watch-update.ts";
import { isControlTarget } from "./control-service.ts";
import type { StatusSource } from "./gate-status.ts";

const nothing = { running: 0, depth: 0, oldestMs: 0, p50Ms: 0, p99Ms: 0, ...newCounts() };

/** A row for every target that a worker serves or the config names, called or not. */
export function* targetRows(source: StatusSource): Generator<TargetRow> {
  const { clock, registry, dispatcher } = source;
  const now = clock.now();
  const table = source.routes();
  for (const [name, pool] of registry.pools) {
    if (isControlTarget(name)) continue;
    const target = dispatcher.targets.get(name);
    const route = target?.route ?? table.match(name);
    const known = { name, route: route.pattern, strategy: route.strategy.name, workers: pool.members.length, bound: route.queue };
    if (target === undefined) {
      yield { ...known, ...nothing };
      continue;
    }
    const { queue, running, counts, latency } = target;
    const oldestMs = queue.first === undefined ? 0 : Math.round(now - queue.first.acceptedAt);
    yield { ...known, running, depth: queue.size, oldestMs, ...counts, ...latency.summary() };
  }
}

/** A row for every worker. */
export function* workerRows(endpoints: Iterable<Endpoint>, startedAt: number): Generator<WorkerRow> {
  for (const endpoint of endpoints) {
    const { link, completed, failed, busyMs } = endpoint;
    yield {
      id: endpoint.id,
      transport: endpoint.transport,
      address: link.address,
      state: endpoint.state,
      version: endpoint.version ?? "",
      capacity: endpoint.capacity,
      inFlight: endpoint.inFlight,
      beats: link.beats ?? -1,
      missedBeats: link.missedBeats ?? 0,
      completed,
      failed,
      averageMs: completed + failed === 0 ? 0 : busyMs / (completed + failed),
      p99Ms: endpoint.latency.summary().p99Ms,
      joinedAtMs: Math.round(endpoint.joinedAt - startedAt),
    };
  }
}

/** A row for every pool of servers behind a door. */
export function* poolRows({ doors }: StatusSource): Generator<PoolRow> {
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
export function jobFigures({ dispatcher }: StatusSource): WatchUpdate["jobs"] {
  const sum = { open: 0, ...dispatcher.totals };
  const windows = [];
  for (const { name, running, queue, counts, latency } of dispatcher.targets.values()) {
    if (isControlTarget(name)) for (const key of countKeys) sum[key] -= counts[key];
    else {
      sum.open += running + queue.size;
      windows.push(latency);
    }
  }
  return { ...sum, ...summarize(windows) };
}

const countKeys = Object.keys(newCounts()) as (keyof ReturnType<typeof newCounts>)[];
