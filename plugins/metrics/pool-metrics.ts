import type { PluginHost, PoolStatus } from "unigate/transport";
import type { AddGauge } from "./gauges.ts";
import { LabelBound } from "./label-bound.ts";

/** Adds the pools of servers behind the gate's doors; those beyond `mostPools` names count together. */
export function addPoolMetrics(gauge: AddGauge, { status }: Pick<PluginHost, "status">, mostPools: number): void {
  const names = new LabelBound(mostPools);
  const add = (name: string, help: string, read: (pool: PoolStatus) => number): void =>
    gauge(name, help, ["pool"], (it) => {
      for (const pool of status.pools()) it.inc({ pool: names.of(pool.name) }, read(pool));
    });
  gauge("gate_pool_servers", "Servers of a pool, by state.", ["pool", "state"], (it) => {
    for (const { name, servers } of status.pools()) for (const { state } of servers) it.inc({ pool: names.of(name), state });
  });
  add("gate_pool_calls", "Calls that run on the servers of a pool.", (pool) => sum(pool, ({ calls }) => calls));
  add("gate_pool_capacity", "Calls at once that the servers of a pool which are ready take.", (pool) =>
    sum(pool, ({ state, capacity }) => (state === "ready" ? capacity : 0)),
  );
  add("gate_pool_connections", "Open connections to the servers of a pool.", (pool) => sum(pool, ({ connections }) => connections));
  add("gate_pool_waiting", "Calls that wait for a place at the door of a pool.", ({ waiting }) => waiting);
}

function sum({ servers }: PoolStatus, read: (server: PoolStatus["servers"][number]) => number): number {
  return servers.reduce((total, server) => total + read(server), 0);
}
