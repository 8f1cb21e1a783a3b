import { connect } from "unigate";
import { expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { gate, GateProcess, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { currentJob, defineService, GateError, method, reply } from "unigate/worker";
import { threadId } from "node:worker_threads";
const burn = (ms: number) => { const end = Date.now() + ms; while (Date.now() < end); return [process.pid, threadId]; };
export default defineService("cpu", {
  thread: method({ executor: "thread" }, (ms: number) => burn(ms)),
  process: method({ executor: "process" }, (ms: number) => burn(ms)),
  broken: method({ executor: "thread" }, () => { throw new GateError("permission_denied", "not you"); }),
  loop: () => [process.pid, threadId],
  cheese: method({ executor: "thread" }, () => { throw new RangeError("out of cheese"); }),
  exit: method({ executor: "thread" }, () => process.exit(3)),
  killed: method({ executor: "process" }, () => { process.kill(process.pid, "SIGKILL"); return new Promise(() => {}); }),
  environment: method({ executor: "process" }, () => process.env.COLOUR),
  bytes: method({ executor: "process" }, (input: Uint8Array) => Buffer.from([...input, 255])),
  created: method({ executor: "thread", http: "POST /created/:id" }, () =>
    reply({ id: currentJob().http?.params.id }, { status: 201, headers: { "x-colour": "red" } })),
  context: method({ executor: "thread" }, () => [currentJob().target, currentJob().metadata.get("x-colour"), currentJob().timeLeft() <= 5000]),
});
`;

it("a handler on a thread or in a process leaves the event loop free: its worker keeps its heartbeats", async () => {
  const folder = await workspace({ "cpu.ts": handlers });
  const running = await startGate(folder, "heartbeat: 200");
  const worker = new GateProcess(["worker", `${folder}/cpu.ts`, "--gate", running.zmq]);
  await worker.says(/serving/);
  const client = connect(running.zmq);
  onTestFinished(() => client.close());
  const states = new Set<string>();
  const burning = Promise.all([client.call<number[]>("cpu.thread", [1500]), client.call<number[]>("cpu.process", [1500])]);
  const progress = { isOver: false };
  void burning.then(() => (progress.isOver = true));
  while (!progress.isOver) {
    for (const { state } of await client.call<{ state: string }[]>("Gate.workers")) states.add(state);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const [onThread, inProcess] = await burning;
  expect(onThread[0]).toBe(worker.child.pid);
  expect(onThread[1]).toBeGreaterThan(0);
  expect(inProcess[0]).not.toBe(worker.child.pid);
  expect(states).toEqual(new Set(["ready"]));
  await expect(Promise.resolve(client.call("cpu.broken"))).rejects.toMatchObject({ code: "permission_denied", message: "not you" });
});

/** A gate and a worker with the methods above. */
async function world(): Promise<{ client: ReturnType<typeof connect>; http: string; worker: GateProcess }> {
  const folder = await workspace({ "cpu.ts": handlers });
  const running = await startGate(folder);
  const worker = new GateProcess(["worker", `${folder}/cpu.ts`, "--gate", running.zmq], { env: { COLOUR: "red" } });
  await worker.says(/serving/);
  const client = connect(running.zmq);
  onTestFinished(() => client.close());
  return { client, http: running.http, worker };
}

it("a handler on a thread or in a process has the job's context and the worker's environment; bytes, errors and replies arrive whole", async () => {
  const { client, http, worker } = await world();
  expect(await client.call("cpu.context", [], { metadata: { "x-colour": "red" }, timeout: "5s" })).toEqual(["cpu.context", "red", true]);
  expect(await client.call("cpu.environment")).toBe("red");
  expect(await client.call<Uint8Array>("cpu.bytes", [Buffer.from([1])])).toEqual(new Uint8Array([1, 255]));
  await expect(Promise.resolve(client.call("cpu.cheese"))).rejects.toMatchObject({
    code: "unknown",
    message: "out of cheese",
    details: { error: "RangeError" },
  });
  await worker.says(/cpu\.ts:\d+/);
  const created = await fetch(`${http}/created/7`, { method: "POST" });
  expect([created.status, created.headers.get("x-colour"), await created.json()]).toEqual([201, "red", { id: "7" }]);
});

it("a thread that calls process.exit and a process that is killed fail their job at once, and the pool goes on", async () => {
  const { client } = await world();
  await expect(Promise.resolve(client.call("cpu.exit"))).rejects.toMatchObject({ message: expect.stringContaining("process.exit(3)") });
  await expect(Promise.resolve(client.call("cpu.killed"))).rejects.toMatchObject({ code: "unavailable" });
  expect(await client.call("cpu.thread", [1])).toHaveLength(2);
  expect(await client.call("cpu.process", [1])).toHaveLength(2);
});

it("cancelling a job on a thread or in a process stops it while it computes", async () => {
  const { client } = await world();
  for (const method of ["cpu.thread", "cpu.process"]) {
    const call = client.call(method, [60_000]);
    const inFlight = async (): Promise<number | undefined> => (await client.call<{ inFlight: number }[]>("Gate.workers"))[0]?.inFlight;
    await eventuallyTrue("it runs", async () => (await inFlight()) === 1);
    call.cancel();
    await expect(Promise.resolve(call)).rejects.toMatchObject({ code: "cancelled" });
    await eventuallyTrue("nothing runs", async () => (await inFlight()) === 0);
  }
});

it("a generator that wants a thread is refused with the reason", async () => {
  const folder = await workspace({
    "cpu.ts": 'import { method } from "unigate/worker";\nexport const count = method({ executor: "thread" }, function* () { yield 1; });\n',
  });
  const { code, stderr } = await gate(["worker", `${folder}/cpu.ts`]);
  expect(code).toBe(2);
  expect(stderr).toContain("streams run in the event loop");
});
