import { connect } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { GateProcess, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { setTimeout as sleep } from "node:timers/promises";
export const service = "job";
export async function slow(ms: number) { console.error("begun"); await sleep(ms); return process.pid; }
export function pid() { return process.pid; }
`;

describe("a gate that is killed and started again", () => {
  it("gets its workers and clients back by themselves; calls under way fail as unavailable at once, idempotent ones are sent again", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const first = await startGate(folder);
    const worker = new GateProcess(["worker", `${folder}/job.ts`, "--gate", first.zmq]);
    await worker.says(/serving/);
    const client = connect(first.zmq);
    onTestFinished(() => client.close());
    expect(await client.call("job.pid")).toBe(worker.child.pid);
    const lost = Promise.resolve(client.call("job.slow", [60_000])).then(
      () => "answered",
      (error: { code: string }) => error.code,
    );
    const redone = client.call("job.slow", [300], { idempotent: true });
    await eventuallyTrue("both run", async () => (await client.call<{ inFlight: number }[]>("Gate.workers"))[0]?.inFlight === 2);
    await first.process.kill();
    expect(await lost).toBe("unavailable");
    await startGate(folder, "", first);
    expect(await redone).toBe(worker.child.pid);
    expect(await client.call("job.pid")).toBe(worker.child.pid);
  });
});

describe("a worker that is told to stop", () => {
  it("finishes what runs, hands the rest to others, and leaves with 0", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const gate = await startGate(folder);
    const leaving = new GateProcess(["worker", `${folder}/job.ts`, "--gate", gate.zmq, "--concurrency", "5", "--id", "leaving"]);
    await leaving.says(/serving/);
    const client = connect(gate.zmq);
    onTestFinished(() => client.close());
    const calls = Promise.all(Array.from({ length: 60 }, async () => await client.call<number>("job.slow", [100])));
    await eventuallyTrue("it is full", async () => (await client.call<{ inFlight: number }[]>("Gate.workers"))[0]?.inFlight === 5);
    const staying = new GateProcess(["worker", `${folder}/job.ts`, "--gate", gate.zmq, "--id", "staying"]);
    await staying.says(/serving/);
    leaving.signal("SIGTERM");
    expect(await leaving.exit).toBe(0);
    const pids = await calls;
    expect(new Set(pids)).toEqual(new Set([leaving.child.pid, staying.child.pid]));
  });

  it("leaves at once on the second Ctrl-C, with 130", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const gate = await startGate(folder);
    const worker = new GateProcess(["worker", `${folder}/job.ts`, "--gate", gate.zmq]);
    await worker.says(/serving/);
    const client = connect(gate.zmq);
    onTestFinished(() => client.close());
    const call = Promise.resolve(client.call("job.slow", [60_000])).catch((error: { code: string }) => error.code);
    await worker.says(/begun/);
    worker.signal("SIGINT");
    await worker.says(/finishing 1 job/);
    worker.signal("SIGINT");
    expect(await worker.exit).toBe(130);
    expect(await call).toBe("unavailable");
  });
});

describe("a gate that is told to stop", () => {
  it("finishes the jobs that it has accepted, and leaves with 0", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const gate = await startGate(folder);
    const worker = new GateProcess(["worker", `${folder}/job.ts`, "--gate", gate.zmq]);
    await worker.says(/serving/);
    const client = connect(gate.zmq);
    onTestFinished(() => client.close());
    const call = client.call("job.slow", [500]);
    await eventuallyTrue("it runs", async () => (await client.call<{ inFlight: number }[]>("Gate.workers"))[0]?.inFlight === 1);
    gate.process.signal("SIGTERM");
    expect(await call).toBe(worker.child.pid);
    expect(await gate.process.exit).toBe(0);
  });
});

describe("a worker with --instances", () => {
  it("runs that many processes, and starts one again that was killed", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const gate = await startGate(folder);
    const supervisor = new GateProcess(["worker", `${folder}/job.ts`, "--gate", gate.zmq, "--instances", "3", "--id", "many"]);
    const client = connect(gate.zmq);
    onTestFinished(() => client.close());
    const ready = async (): Promise<string[]> =>
      (await client.call<{ id: string; state: string }[]>("Gate.workers")).filter(({ state }) => state === "ready").map(({ id }) => id);
    await eventuallyTrue("three are there", async () => (await ready()).length === 3);
    expect((await ready()).toSorted()).toEqual(["many-1", "many-2", "many-3"]);
    process.kill(await client.call<number>("job.pid"), "SIGKILL");
    await supervisor.says(/starting it again/);
    await eventuallyTrue("three are there again", async () => (await ready()).length === 3);
    supervisor.signal("SIGTERM");
    expect(await supervisor.exit).toBe(0);
    await eventuallyTrue("all have left", async () => (await ready()).length === 0);
  });
});

describe("--watch", () => {
  it("reloads changed handlers without losing a running job, and keeps the old ones when the new do not compile", async () => {
    const { writeFile } = await import("node:fs/promises");
    const folder = await workspace({ "job.ts": `${handlers}export const version = () => 1;\n` });
    const gate = await startGate(folder);
    const watched = new GateProcess(["worker", `${folder}/job.ts`, "--gate", gate.zmq, "--watch"]);
    await watched.says(/watching/);
    const client = connect(gate.zmq);
    onTestFinished(() => client.close());
    expect(await client.call("job.version")).toBe(1);
    const running = client.call("job.slow", [1500]);
    await eventuallyTrue("it runs", async () =>
      (await client.call<{ inFlight: number }[]>("Gate.workers")).some(({ inFlight }) => inFlight === 1),
    );
    await writeFile(`${folder}/job.ts`, `${handlers}export const version = () => 2;\n`);
    await eventuallyTrue("the new version answers", async () => (await client.call("job.version")) === 2);
    expect(typeof (await running)).toBe("number");
    await writeFile(`${folder}/job.ts`, "export const version = () => {{;\n");
    await watched.says(/the old one goes on/);
    expect(await client.call("job.version")).toBe(2);
  });

  it("of `gate serve` takes changed routes at once, and keeps the old ones when the config is broken", async () => {
    const { readFile, writeFile } = await import("node:fs/promises");
    const folder = await workspace({ "job.ts": handlers });
    const first = await startGate(folder, `routes: { "job.*": { queue: 5 } }`);
    await first.process.kill();
    const watched = new GateProcess(["serve", "-c", `${folder}/gate.config.ts`, "--watch"]);
    await watched.says(/ready in/);
    const client = connect(first.zmq);
    onTestFinished(() => client.close());
    const bound = async (): Promise<number | undefined> => (await client.call<{ queue: number }[]>("Gate.routes"))[0]?.queue;
    expect(await bound()).toBe(5);
    const text = await readFile(`${folder}/gate.config.ts`, "utf8");
    await writeFile(`${folder}/gate.config.ts`, text.replace("queue: 5", "queue: 7"));
    await eventuallyTrue("the new bound holds", async () => (await bound()) === 7);
    await writeFile(`${folder}/gate.config.ts`, text.replace("queue: 5", 'queue: "many"'));
    await watched.says(/was not reloaded, the old one goes on/);
    expect(await bound()).toBe(7);
  });
});
