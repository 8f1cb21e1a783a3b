import { writeFile } from "node:fs/promises";
import { connect } from "unigate";
import type { WorkerStatus } from "unigate/transport";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { freePort, gate, GateProcess, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { setTimeout as sleep } from "node:timers/promises";
export const service = "job";
export const version = () => 1;
export const slow = async (ms: number) => { console.error("slow has begun"); await sleep(ms); return process.pid; };
export const pid = () => process.pid;
export const args = () => process.argv;
setInterval(() => {}, 1000);
`;

function open(url: string): ReturnType<typeof connect> {
  const client = connect(url);
  onTestFinished(() => client.close());
  return client;
}

const workersOf = async (client: ReturnType<typeof connect>): Promise<WorkerStatus[]> => await client.call<WorkerStatus[]>("Gate.workers");

describe("gate worker", () => {
  it("tells on stderr what it serves, and where; the gate knows it by the id, version, weight and concurrency that were given", async () => {
    const folder = await workspace({ "job.ts": handlers, "plain.ts": "export const hi = () => 1;\n" });
    const running = await startGate(folder);
    const options = ["--id", "me", "--version", "v2", "--weight", "3", "--concurrency", "7", "--service", "named"];
    const worker = new GateProcess(["worker", `${folder}/job.ts`, `${folder}/plain.ts`, "--gate", running.zmq, ...options]);
    await worker.says(/serving job\.args, job\.pid, job\.slow, job\.version, named\.hi at tcp:\S+ as me \(\d+ ms\)/);
    expect(await workersOf(open(running.zmq))).toMatchObject([{ id: "me", version: "v2", weight: 3, capacity: 7 }]);
    expect(worker.stdout).toBe("");
  });

  it("serves CommonJS as well: what it exports one by one, or as one object with a name for the service", async () => {
    const folder = await workspace({
      "one.cjs": "exports.hi = () => 'one';\n",
      "all.cjs": "module.exports = { service: 'whole', hi: async () => 'all', no: 3 };\n",
    });
    const running = await startGate(folder);
    const worker = new GateProcess(["worker", `${folder}/one.cjs`, `${folder}/all.cjs`, "--gate", running.zmq]);
    await worker.says(/serving one\.hi, whole\.hi at/);
    expect(await open(running.zmq).call("whole.hi")).toBe("all");
  });

  it("waits for a gate that is not there yet, and tells a loss once and the return once", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const first = await startGate(folder);
    await first.process.kill();
    const worker = new GateProcess(["worker", `${folder}/job.ts`, "--gate", first.zmq]);
    await worker.says(/no link to the gate; trying again/);
    const second = await startGate(folder, "", first);
    await worker.says(/serving job/);
    expect(worker.stderr.match(/no link/g)).toHaveLength(1);
    await second.process.kill();
    await eventuallyTrue("the loss is told", () => worker.stderr.match(/no link/g)?.length === 2);
    await startGate(folder, "", first);
    await worker.says(/serving again/);
    expect(worker.stderr.match(/no link/g)).toHaveLength(2);
  });

  it.each([[[]], [["--instances", "1"]]])(
    "that the gate is asked to drain finishes its job, says so, and ends with 0 (%j)",
    async (options) => {
      const folder = await workspace({ "job.ts": handlers });
      const running = await startGate(folder);
      const worker = new GateProcess(["worker", `${folder}/job.ts`, "--gate", running.zmq, "--id", "me", ...options]);
      await worker.says(/serving/);
      const client = open(running.zmq);
      const slow = client.call<number>("job.slow", [300]);
      void slow.catch(() => {});
      await worker.says(/slow has begun/);
      expect(await client.call("Gate.drain", ["me"])).toMatchObject({ isAsked: true, inFlight: 1 });
      expect(await slow).toBeGreaterThan(0);
      expect(await worker.exit).toBe(0);
      expect(worker.stderr).toMatch(/drained: the gate asked this worker to leave/);
      expect(worker.stderr).not.toMatch(/starting it again/);
    },
  );

  it.each([[[]], [["--instances", "2"]], [["--watch"]]])(
    "that the gate refuses exits with 2 and the reason, also with timers of its own (%j)",
    async (options) => {
      const folder = await workspace({
        "taken.ts":
          'import { method } from "unigate/worker";\nexport const a = method({ http: "GET /health" }, () => 1);\nsetInterval(() => {}, 1000);\n',
      });
      const running = await startGate(folder);
      const { code, stderr } = await gate(["worker", `${folder}/taken.ts`, "--gate", running.zmq, ...options]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/the gate refused this worker: .*\/health/);
    },
  );

  it("--grace ends a process that does not finish in time", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const running = await startGate(folder);
    const supervisor = new GateProcess(["worker", `${folder}/job.ts`, "--gate", running.zmq, "--instances", "1", "--grace", "300ms"]);
    await supervisor.says(/serving/);
    const client = open(running.zmq);
    const call = Promise.resolve(client.call("job.slow", [60_000])).catch((error: { code: string }) => error.code);
    await supervisor.says(/slow has begun/);
    supervisor.signal("SIGTERM");
    expect(await supervisor.exit).toBe(0);
    expect(supervisor.stderr).toContain("killing it");
    expect(await call).toBe("unavailable");
  });
});

describe("the processes of --instances", () => {
  it("are told where the gate is by their environment: its URL may hold a password, and arguments are no secret", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const running = await startGate(folder);
    const url = running.zmq.replace("//", "//me:secret@");
    // Another gate in the environment, and another context, are not meant.
    const env = { GATE_URL: "tcp://127.0.0.1:1", GATE_CONTEXT: "none" };
    const supervisor = new GateProcess(["worker", `${folder}/job.ts`, "--gate", url, "--instances", "1"], { env });
    await supervisor.says(/serving/);
    const args = await open(running.zmq).call<string[]>("job.args");
    expect(args.join(" ")).toContain("job.ts");
    expect(args.join(" ")).not.toContain("secret");
    expect(args.join(" ")).not.toContain("tcp:");
  });

  it("leave when their supervisor is killed, after what runs has finished", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const running = await startGate(folder);
    const supervisor = new GateProcess(["worker", `${folder}/job.ts`, "--gate", running.zmq, "--instances", "2"]);
    const client = open(running.zmq);
    await eventuallyTrue("both are there", async () => (await workersOf(client)).length === 2);
    const call = client.call<number>("job.slow", [500]);
    await supervisor.says(/slow has begun/);
    supervisor.child.kill("SIGKILL");
    expect(await call).toBeGreaterThan(0);
    await eventuallyTrue("both have left", async () => (await workersOf(client)).length === 0);
  });

  it("are gone at once after the second Ctrl-C, and the exit code is 130", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const running = await startGate(folder);
    const supervisor = new GateProcess(["worker", `${folder}/job.ts`, "--gate", running.zmq, "--instances", "2"]);
    const client = open(running.zmq);
    await eventuallyTrue("both are there", async () => (await workersOf(client)).length === 2);
    const call = Promise.resolve(client.call("job.slow", [60_000])).catch((error: { code: string }) => error.code);
    await supervisor.says(/slow has begun/);
    supervisor.signal("SIGINT");
    await supervisor.says(/finishing 1 job/);
    supervisor.signal("SIGINT");
    expect(await supervisor.exit).toBe(130);
    expect(await call).toBe("unavailable");
    await eventuallyTrue("both have left", async () => (await workersOf(client)).length === 0);
  });
});

describe("gate worker --watch", () => {
  it("ends with the last of many quick changes, and with one process", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const running = await startGate(folder);
    const watched = new GateProcess(["worker", `${folder}/job.ts`, "--gate", running.zmq, "--watch"]);
    await watched.says(/watching/);
    const client = open(running.zmq);
    for (let version = 2; version <= 9; version++) {
      await writeFile(`${folder}/job.ts`, handlers.replace("() => 1", `() => ${version}`));
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    await eventuallyTrue("the last version answers", async () => (await client.call("job.version")) === 9);
    await eventuallyTrue("it is alone", async () => (await workersOf(client)).length === 1);
    expect(await client.call("job.version")).toBe(9);
    watched.signal("SIGTERM");
    expect(await watched.exit).toBe(0);
  });

  it("notices sources in a folder that was made later", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const { mkdir } = await import("node:fs/promises");
    const watched = new GateProcess(["worker", `${folder}/job.ts`, "--gate", (await startGate(folder)).zmq, "--watch"]);
    await watched.says(/watching/);
    await mkdir(`${folder}/later`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await writeFile(`${folder}/later/part.ts`, "export const a = 1;\n");
    await watched.says(/later\/part\.ts changed/);
  });

  it("does not watch node_modules", async () => {
    const folder = await workspace({ "job.ts": handlers });
    const { mkdir } = await import("node:fs/promises");
    await mkdir(`${folder}/node_modules/x`, { recursive: true });
    const watched = new GateProcess(["worker", `${folder}/job.ts`, "--gate", `tcp://127.0.0.1:${await freePort()}`, "--watch"]);
    await watched.says(/no link/);
    await writeFile(`${folder}/node_modules/x/index.ts`, "export const a = 1;\n");
    await writeFile(`${folder}/job.ts`, `${handlers}\n`);
    await watched.says(/job\.ts changed/);
    expect(watched.stderr).not.toContain("index.ts changed");
  });
});
