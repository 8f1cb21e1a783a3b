import { type Client, connect } from "unigate";
import type { WorkerStatus } from "unigate/transport";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { GateProcess, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { defineService, method } from "unigate/worker";
import { setTimeout as sleep } from "node:timers/promises";
export default defineService("job", {
  slow: async (ms: number) => { await sleep(ms); return process.pid; },
  again: method({ idempotent: true }, async () => { await sleep(process.argv.includes("victim") ? 60_000 : 5); return process.pid; }),
  block: (ms: number) => { const end = Date.now() + ms; while (Date.now() < end); return process.pid; },
  pid: () => process.pid,
});
`;

function open(url: string): Client {
  const client = connect(url);
  onTestFinished(() => client.close());
  return client;
}

async function startWorker(folder: string, url: string, ...args: string[]): Promise<GateProcess> {
  const worker = new GateProcess(["worker", `${folder}/job.ts`, "--gate", url, ...args]);
  await worker.says(/serving job/);
  return worker;
}

const workersOf = async (client: Client): Promise<WorkerStatus[]> => await client.call<WorkerStatus[]>("Gate.workers");

describe("kill -9 of a worker", () => {
  it("fails its running job as unavailable within four seconds, redoes the idempotent one, and the queued ones finish on the others", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const gate = await startGate(folder, `routes: { "job.*": { queue: 1000 } }`);
    const victim = await startWorker(folder, gate.zmq, "--concurrency", "2", "--id", "victim");
    const client = open(gate.zmq);
    const lost = Promise.resolve(client.call("job.slow", [60_000])).then(
      () => undefined,
      (error: { code: string }) => ({ code: error.code, at: performance.now() }),
    );
    const redone = client.call("job.again");
    await eventuallyTrue("both run", async () => (await workersOf(client))[0]?.inFlight === 2);
    const queued = Promise.all(Array.from({ length: 50 }, async () => await client.call<number>("job.slow", [5])));
    const other = await startWorker(folder, gate.zmq, "--concurrency", "2");
    const killedAt = performance.now();
    victim.signal("SIGKILL");
    const failure = await lost;
    expect(failure?.code).toBe("unavailable");
    expect((failure?.at ?? Infinity) - killedAt).toBeLessThan(4000);
    expect(await redone).toBe(other.child.pid);
    expect(new Set(await queued)).toEqual(new Set([other.child.pid]));
    expect((await workersOf(client)).every(({ inFlight }) => inFlight === 0)).toBe(true);
  });
});

describe("fifty workers that join at the same moment", () => {
  it("are all registered, and all get work", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const gate = await startGate(folder);
    const { createWorker, defineService } = await import("unigate");
    const workers = Array.from({ length: 50 }, (_, at) =>
      createWorker({ gate: gate.zmq, id: `w${at}`, services: [defineService("who", { am: () => at })] }),
    );
    onTestFinished(() => Promise.all(workers.map((worker) => worker.close())).then(() => {}));
    await Promise.all(workers.map((worker) => worker.start()));
    const client = open(gate.zmq);
    expect(await workersOf(client)).toHaveLength(50);
    const answers = await Promise.all(Array.from({ length: 500 }, async () => await client.call("who.am")));
    expect(new Set(answers).size).toBe(50);
  });
});

describe("a zombie", () => {
  it("that is stopped (SIGSTOP) is out of rotation within three heartbeats, its late answer is fenced, and it is back when it goes on", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const gate = await startGate(folder, `heartbeat: 200, lostAfter: 6`);
    const zombie = await startWorker(folder, gate.zmq, "--id", "zombie");
    const client = open(gate.zmq);
    const running = Promise.resolve(client.call("job.slow", [300])).then(
      () => "answered",
      (error: { code: string }) => error.code,
    );
    await eventuallyTrue("it runs", async () => (await workersOf(client))[0]?.inFlight === 1);
    zombie.signal("SIGSTOP");
    const stoppedAt = performance.now();
    await eventuallyTrue("it is down", async () => (await workersOf(client))[0]?.state === "down");
    // Three beats of 200 ms, one more that was on its way, and room for a busy machine.
    expect(performance.now() - stoppedAt).toBeLessThan(2000);
    const healthy = await startWorker(folder, gate.zmq, "--id", "healthy");
    for (let call = 0; call < 20; call++) expect(await client.call("job.pid")).toBe(healthy.child.pid);
    expect(await running).toBe("unavailable");
    zombie.signal("SIGCONT");
    await eventuallyTrue("it is back", async () => (await workersOf(client)).every(({ state }) => state === "ready"));
    const pids = await Promise.all(Array.from({ length: 10 }, async () => await client.call("job.pid")));
    expect(new Set(pids)).toEqual(new Set([zombie.child.pid, healthy.child.pid]));
    expect((await workersOf(client)).every(({ inFlight }) => inFlight === 0)).toBe(true);
  });

  it("whose event loop is blocked longer than the window is out of rotation, keeps its job, and is back afterwards", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const gate = await startGate(folder, `heartbeat: 200, lostAfter: 50`);
    const blocked = await startWorker(folder, gate.zmq, "--id", "blocked");
    const client = open(gate.zmq);
    const blocking = client.call<number>("job.block", [2500]);
    await eventuallyTrue("it is down", async () => (await workersOf(client))[0]?.state === "down");
    expect(await blocking).toBe(blocked.child.pid);
    await eventuallyTrue("it is back", async () => (await workersOf(client))[0]?.state === "ready");
    expect(await client.call("job.pid")).toBe(blocked.child.pid);
  });

  it.each(["from the gate", "to the gate"] as const)(
    "behind a relay that swallows everything %s, while every socket lives, is out of rotation and back when it heals",
    async (direction) => {
      const { Relay } = await import("../support/relay.ts");
      const folder = await workspace({ "job.ts": handlers });
      const gate = await startGate(folder, `heartbeat: 200, lostAfter: 50, routes: { "job.*": { waitForWorker: 500 } }`);
      const relay = await Relay.open(Number(new URL(gate.zmq).port));
      onTestFinished(() => relay.close());
      await startWorker(folder, `tcp://127.0.0.1:${relay.port}`, "--id", "half");
      const client = open(gate.zmq);
      expect(typeof (await client.call("job.pid"))).toBe("number");
      relay.swallow(direction);
      await eventuallyTrue("it is out of rotation", async () => (await workersOf(client)).every(({ state }) => state === "down"));
      await expect(Promise.resolve(client.call("job.pid"))).rejects.toMatchObject({ code: "unavailable" });
      relay.swallow(undefined);
      await eventuallyTrue("it serves again", async () => (await workersOf(client)).some(({ state }) => state === "ready"));
      expect(typeof (await client.call("job.pid"))).toBe("number");
    },
  );
});
