import type { Client } from "unigate/client";
import { updates } from "./follow-gate.ts";
import type { Live, LiveWorker } from "./live/live.ts";
import { initialState, type State } from "./state.ts";
import { createStore } from "./store.ts";

/** Updates that a snapshot waits for: rates are the difference of two. */
const enough = 2;

/** The state after a second of watching, in which every rate is known. */
export async function takeSnapshot(client: Client, url: string, signal: AbortSignal): Promise<State> {
  const store = createStore(initialState(url));
  for await (const update of updates(client, signal)) {
    store.dispatch({ type: "updated", update, now: Date.now() });
    if (store.get().live.updates >= enough) break;
  }
  return store.get();
}

/** A snapshot for scripts: plain data, rates per second, times in ms. */
export function snapshotData({ gate, uptimeMs, totals, last, targets, workers, pools, kept, events }: Live): object {
  const { calls, errors, cpu, residentBytes } = totals;
  return {
    ...gate,
    uptimeMs,
    process: { cpu, residentBytes },
    jobs: { ...last?.jobs, callsPerSecond: calls, errorsPerSecond: errors },
    targets: [...targets.values()].map(({ calls, errors, ...row }) => ({ ...row, callsPerSecond: calls, errorsPerSecond: errors })),
    workers: [...workers.values()].map(workerData),
    pools: [...pools.values()],
    kept,
    events: events.map(({ at, ...event }) => ({ at: new Date(at).toISOString(), ...event })),
  };
}

/** A worker without what only a picture needs. */
function workerData({ calls, hasBeaten: _hasBeaten, pulse: _pulse, ...row }: LiveWorker): object {
  return { ...row, callsPerSecond: calls };
}
