import type { GateEvent, TargetRow, WatchUpdate, WorkerRow } from "unigate/transport";
import { type Action, initialState, reduce, type State } from "../../../cli/top/state.ts";

/** The time of day at which the gate of these pictures started. */
export const startedAt: number = Date.UTC(2026, 10, 21, 12, 0, 0);

/** A target with the fields that a test names. */
export function target(name: string, fields: Partial<TargetRow> = {}): TargetRow {
  const counts = { accepted: 0, completed: 0, failed: 0, cancelled: 0, expired: 0, refused: 0 };
  const now = { workers: 1, running: 0, depth: 0, bound: 1000, oldestMs: 0, dead: 0, p50Ms: 0, p99Ms: 0 };
  return { name, route: "*", strategy: "roundRobin", ...now, ...counts, ...fields };
}

/** A worker with the fields that a test names. */
export function worker(id: string, fields: Partial<WorkerRow> = {}): WorkerRow {
  const figures = { inFlight: 0, beats: 1, missedBeats: 0, completed: 0, failed: 0, averageMs: 0, p99Ms: 0, joinedAtMs: 1000 };
  return { id, transport: "zmq", address: "zmq:10.0.0.7:41234", state: "ready", version: "", capacity: 10, ...figures, ...fields };
}

/** An update with the fields that a test names. */
export function update(sequence: number, fields: Partial<WatchUpdate> = {}): WatchUpdate {
  const gate = {
    name: "lab",
    id: "a1b2c3d4",
    version: "1.0.0",
    state: "ready" as const,
    transports: [{ name: "zmq", addresses: [{ url: "tcp://127.0.0.1:5555", purpose: "clients and workers" }] }],
  };
  return {
    sequence,
    uptimeMs: (sequence + 1) * 1000,
    ...(sequence === 0 ? { gate } : {}),
    process: { cpuMs: sequence * 30, residentBytes: 84 * 1024 ** 2 },
    jobs: { open: 0, accepted: 0, completed: 0, failed: 0, cancelled: 0, expired: 0, refused: 0, p50Ms: 0, p99Ms: 0 },
    targets: [],
    goneTargets: [],
    workers: [],
    goneWorkers: [],
    pools: [],
    gonePools: [],
    kept: { waiting: 0, running: 0, completed: 0, dead: 0, cancelled: 0, bound: 10_000, isOld: false },
    events: [],
    ...fields,
  };
}

/** The state after updates and other actions, from the start. */
export function after(...actions: (WatchUpdate | Action)[]): State {
  return actions.reduce<State>(
    (state, action) => reduce(state, "sequence" in action ? { type: "updated", update: action, now: startedAt + action.uptimeMs } : action),
    initialState("tcp://127.0.0.1:5555"),
  );
}

const event = (atMs: number, kind: GateEvent["kind"], id: string, text: string): GateEvent => ({ atMs, kind, worker: id, text });

/** Two updates of a busy gate: traffic, a queue, a worker that misses beats, events. */
export const busy: readonly WatchUpdate[] = [
  update(0, {
    targets: [
      target("Image.embed", { strategy: "leastConnections", route: "Image.*" }),
      target("Image.slow", { strategy: "fifo", bound: 200, depth: 40, oldestMs: 1200 }),
      target("text.echo"),
      target("text.shout"),
    ],
    workers: [
      worker("image-1", { version: "v2.1" }),
      worker("image-2", { version: "v2.0", address: "zmq:10.0.0.8:51990" }),
      worker("text-1", { transport: "ws", address: "ws:10.0.0.9:50122", capacity: 100 }),
    ],
    events: [
      event(0, "started", "", "the gate started"),
      event(400, "joined", "image-1", "image-1 joined over zmq with 2 methods, version v2.1"),
    ],
  }),
  update(1, {
    jobs: { open: 60, accepted: 3600, completed: 3400, failed: 50, cancelled: 0, expired: 4, refused: 12, p50Ms: 0.42, p99Ms: 118 },
    targets: [
      { name: "Image.embed", accepted: 1240, completed: 1200, failed: 38, running: 12, p50Ms: 8.1, p99Ms: 31 },
      {
        name: "Image.slow",
        accepted: 160,
        failed: 12,
        refused: 12,
        expired: 4,
        depth: 180,
        oldestMs: 3400,
        running: 8,
        p50Ms: 2100,
        p99Ms: 4800,
      },
      { name: "text.echo", accepted: 2200, completed: 2200, p50Ms: 0.13, p99Ms: 1.7 },
    ],
    workers: [
      { id: "image-1", inFlight: 9, completed: 900, failed: 20, beats: 2, averageMs: 9.4, p99Ms: 33 },
      { id: "image-2", inFlight: 10, completed: 300, failed: 18, state: "down", missedBeats: 4, averageMs: 11.2, p99Ms: 61 },
      { id: "text-1", inFlight: 1, completed: 2200, beats: 2, averageMs: 0.11, p99Ms: 1.6 },
    ],
    events: [event(1500, "down", "image-2", "image-2 is down, 3 heartbeats missed")],
  }),
];

/** The same gate with pools of servers, and with jobs that it keeps. */
export const keeping: readonly WatchUpdate[] = [
  busy[0]!,
  {
    ...busy[1]!,
    targets: busy[1]!.targets.map((row) => (row.name === "Image.slow" ? { ...row, dead: 5 } : row)),
    pools: [
      { name: "shop.*", transport: "grpc", servers: 2, ready: 1, connections: 2, calls: 80, capacity: 100, waiting: 3 },
      { name: "search.*", transport: "grpc", servers: 3, ready: 3, connections: 6, calls: 12, capacity: 3000, waiting: 0 },
    ],
    kept: { waiting: 3400, running: 8, completed: 120_000, dead: 7, cancelled: 2, bound: 10_000, isOld: false },
  },
];
