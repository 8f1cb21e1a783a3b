import { connect, createWorker, defineService, type GateConfig, GateError, type Worker } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { type PoolFigures, type Transport, type WatchUpdate, type WorkerDetail, type WorkerStatus } from "unigate/transport";
import { afterEach, expect, test } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { memory } from "../../support/memory.ts";
import { sometimesAway } from "../../support/sometimes-away.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const noDoor = { addresses: [], drain: async () => {}, close: async () => {} };
const noTransport: Transport = { name: "none", start: async () => noDoor };

async function start(config: Partial<GateConfig> = {}): Promise<{ gate: Gate; open: () => Promise<ReturnType<typeof memory>> }> {
  const gate = createGate({ transports: [noTransport], settle: 0, heartbeat: 50, ...config });
  await gate.start();
  closing.push(() => gate.close());
  const open = async () => memory(gate);
  return { gate, open };
}

type World = Awaited<ReturnType<typeof start>>;

async function serve({ open }: World, id: string, methods: Record<string, (...args: never[]) => unknown>): Promise<Worker> {
  const worker = createWorker({ id, services: [defineService("math", methods)], gate: "tcp://unused:1", open, concurrency: 4 });
  closing.push(() => worker.close());
  await worker.start();
  return worker;
}

function clientOf({ open }: World): ReturnType<typeof connect> {
  const client = connect("tcp://unused:1", { open });
  closing.push(() => client.close());
  return client;
}

/** Reads updates until one satisfies `isEnough`; gives all of them. */
async function watchUntil(client: ReturnType<typeof connect>, isEnough: (update: WatchUpdate) => boolean): Promise<WatchUpdate[]> {
  const updates: WatchUpdate[] = [];
  for await (const update of client.call("Gate.watch", [{ intervalMs: 100 }], { timeout: "10s" })) {
    updates.push(update as WatchUpdate);
    if (isEnough(update as WatchUpdate)) break;
  }
  return updates;
}

test("the first update of a watch tells everything, later ones only what changed", async () => {
  const world = await start();
  await serve(world, "w1", { double: (x: number) => x * 2 });
  const client = clientOf(world);
  await client.call("math.double", [1]);
  const [first, second] = await watchUntil(client, ({ gate }) => gate === undefined);
  expect(first!.gate).toMatchObject({ state: "ready", id: world.gate.id });
  expect(first!.targets).toMatchObject([
    { name: "math.double", route: "*", strategy: "roundRobin", workers: 1, accepted: 1, completed: 1 },
  ]);
  expect(first!.targets[0]!.p50Ms).toBeGreaterThan(0);
  expect(first!.workers).toMatchObject([{ id: "w1", state: "ready", capacity: 4, completed: 1, failed: 0 }]);
  expect(first!.events.map(({ kind }) => kind)).toEqual(["started", "joined"]);
  expect([second!.targets, second!.events]).toEqual([[], []]);
  expect(second!.workers.every((row) => Object.keys(row).every((key) => key === "id" || key === "beats"))).toBe(true);
});

test("latencies of a watch are those of each target, and of all targets together", async () => {
  const world = await start();
  await serve(world, "w1", { quick: () => 1, slow: () => new Promise((resolve) => setTimeout(resolve, 60, 1)) });
  const client = clientOf(world);
  for (let count = 0; count < 5; count++) await client.call("math.quick");
  await client.call("math.slow");
  const [first] = await watchUntil(client, () => true);
  const [quick, slow] = ["math.quick", "math.slow"].map((wanted) => first!.targets.find(({ name }) => name === wanted)!);
  expect(quick!.p50Ms).toBeGreaterThan(0);
  expect(slow!.p50Ms).toBeGreaterThan(50);
  expect(slow!.p50Ms).toBeGreaterThan(first!.jobs.p50Ms);
  expect(first!.jobs.p99Ms).toBe(slow!.p99Ms);
});

test("a target without jobs is told under its new route when the config changes", async () => {
  const world = await start();
  await serve(world, "w1", { double: (x: number) => x * 2 });
  const updates = await watchUntil(clientOf(world), ({ sequence, targets }) => {
    if (sequence === 0) void world.gate.reload({ transports: [noTransport], routes: { "math.*": { queue: 7 } } });
    return targets.some(({ bound }) => bound === 7);
  });
  expect(updates[0]!.targets).toMatchObject([{ name: "math.double", route: "*", bound: 10_000 }]);
  expect(updates.at(-1)!.targets).toEqual([{ name: "math.double", route: "math.*", bound: 7 }]);
});

test("a watch shows that heartbeats are answered", async () => {
  const world = await start();
  await serve(world, "w1", { double: (x: number) => x * 2 });
  let beats = 0;
  await watchUntil(clientOf(world), ({ workers }) => (beats = Math.max(beats, workers[0]?.beats ?? 0)) >= 3);
  expect(beats).toBeGreaterThanOrEqual(3);
});

test("the gate's own calls are not among the jobs that a watch counts", async () => {
  const world = await start();
  const client = clientOf(world);
  await client.call("Gate.info");
  const [first] = await watchUntil(client, () => true);
  expect(first!.jobs).toMatchObject({ open: 0, accepted: 0, completed: 0, p50Ms: 0, p99Ms: 0 });
  expect(first!.targets).toEqual([]);
});

test("a worker that leaves is named as gone, with an event that says so once", async () => {
  const world = await start();
  const worker = await serve(world, "w1", { double: (x: number) => x * 2 });
  const client = clientOf(world);
  let isClosing = false;
  const updates = await watchUntil(client, ({ goneWorkers }) => {
    if (!isClosing) void worker.close();
    isClosing = true;
    return goneWorkers.includes("w1");
  });
  expect(updates.flatMap(({ events }) => events.map(({ kind }) => kind))).toEqual(["started", "joined", "left"]);
});

test("a reloaded config is an event", async () => {
  const world = await start();
  const { gate } = world;
  await gate.reload({ transports: [noTransport], routes: { "math.*": {} } });
  const [first] = await watchUntil(clientOf(world), () => true);
  expect(first!.events.at(-1)).toMatchObject({ kind: "reloaded", text: "the config was reloaded, routes: 1" });
});

test("a watch counts the jobs that are kept, by state, and tells when their store is away", async () => {
  let isAway = false;
  const world = await start({ jobs: { store: sometimesAway(() => isAway), maxWaiting: 7 }, routes: { "math.*": {} } });
  const client = clientOf(world);
  await client.call("Gate.submit", ["math.later", [1]]);
  const waiting = await watchUntil(client, ({ kept }) => kept.waiting === 1);
  expect(waiting.at(-1)!.kept).toEqual({ waiting: 1, running: 0, completed: 0, dead: 0, cancelled: 0, bound: 7, isOld: false });
  isAway = true;
  const old = await watchUntil(client, ({ kept }) => kept.isOld);
  expect(old.at(-1)!.kept.waiting).toBe(1);
  isAway = false;
  await serve(world, "w1", {
    later() {
      throw new GateError("invalid_argument", "never");
    },
  });
  await watchUntil(client, ({ kept }) => kept.dead === 1 && kept.waiting === 0 && !kept.isOld);
  await watchUntil(client, ({ targets }) => targets.some(({ name, dead }) => name === "math.later" && dead === 1));
});

test("a watch has a row for each pool of servers behind a door, also for two of one name", async () => {
  let calls = 3;
  const pool = (): PoolFigures => ({
    name: "shop.*",
    size: 4,
    limit: 8,
    waiting: 2,
    servers: [
      { address: "a:1", state: "ready", connections: 2, calls, capacity: 4 },
      { address: "b:1", state: "down", connections: 0, calls: 0, capacity: 4 },
    ],
  });
  const transport: Transport = { name: "pools", start: async () => ({ ...noDoor, pools: () => [pool(), pool()] }) };
  const world = await start({ transports: [transport] });
  const client = clientOf(world);
  const updates = await watchUntil(client, ({ sequence }) => {
    calls = sequence < 1 ? 3 : 4;
    return sequence === 2;
  });
  const row = { transport: "pools", servers: 2, ready: 1, connections: 2, calls: 3, capacity: 4, waiting: 2 };
  expect(updates.map(({ pools }) => pools)).toEqual([
    [
      { name: "shop.*", ...row },
      { name: "shop.* (2)", ...row },
    ],
    [],
    [
      { name: "shop.*", calls: 4 },
      { name: "shop.* (2)", calls: 4 },
    ],
  ]);
  expect(await client.call("Gate.pools")).toMatchObject([{ name: "shop.*", transport: "pools", servers: [{ address: "a:1" }, {}] }, {}]);
});

test("a watch with a wrong interval, and one too many, are refused", async () => {
  const world = await start();
  const client = clientOf(world);
  await expect(client.call("Gate.watch", [{ intervalMs: 5 }])).rejects.toMatchObject({ code: "invalid_argument" });
  const open = Array.from({ length: 32 }, () => client.call("Gate.watch")[Symbol.asyncIterator]());
  await Promise.all(open.map((one) => one.next()));
  await expect(client.call("Gate.watch")).rejects.toMatchObject({ code: "resource_exhausted" });
  await open[0]!.return(undefined);
  await watchUntil(client, () => true);
});

test("a gate that drains ends its watches, so that they do not hold it up", async () => {
  const world = await start();
  const client = clientOf(world);
  const updates: WatchUpdate[] = [];
  const watching = (async () => {
    for await (const update of client.call("Gate.watch")) {
      updates.push(update as WatchUpdate);
      if (updates.length === 1) void world.gate.drain();
    }
  })();
  await expect(watching).rejects.toMatchObject({ code: "unavailable" });
  expect(updates.at(-1)!.gate).toMatchObject({ state: "draining" });
});

test("a worker's figures count its jobs, how long they took, and how they failed", async () => {
  const world = await start();
  await serve(world, "w1", {
    half(x: number) {
      if (x % 2 === 1) throw new RangeError(`${x} is odd`);
      return x / 2;
    },
  });
  const client = clientOf(world);
  for (let x = 0; x < 25; x++) await client.call("math.half", [x]).catch(() => {});
  const [status] = await client.call<WorkerStatus[]>("Gate.workers");
  expect(status).toMatchObject({ id: "w1", total: 25, completed: 13, failed: 12 });
  expect(status!.p99Ms).toBeGreaterThanOrEqual(status!.p50Ms);
  expect(status!.averageMs).toBeGreaterThan(0);
  const { failures } = await client.call<WorkerDetail>("Gate.worker", ["w1"]);
  expect(failures).toHaveLength(10);
  expect(failures[0]).toMatchObject({ target: "math.half", message: expect.stringContaining("23 is odd") });
  await expect(client.call("Gate.worker", ["worker-1"])).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("gate workers"),
  });
});

test("a worker that the gate is asked to drain finishes what it runs, takes nothing new, and leaves", async () => {
  const world = await start();
  const running = Promise.withResolvers<void>();
  const worker = await serve(world, "w1", { wait: () => running.promise.then(() => "done") });
  const client = clientOf(world);
  const call = client.call("math.wait");
  void call.catch(() => {});
  await eventuallyTrue("it runs", () => worker.inFlight === 1);
  expect(await client.call("Gate.drain", ["w1"])).toEqual({ id: "w1", inFlight: 1, isAsked: true });
  expect(world.gate.status.workers()).toMatchObject([{ state: "draining", inFlight: 1 }]);
  running.resolve();
  expect(await call).toBe("done");
  await worker.closed;
  await eventuallyTrue("it has left", () => world.gate.status.workers().length === 0);
});
