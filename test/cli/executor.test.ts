import { connect } from "unigate";
import { expect, it, onTestFinished } from "vitest";
import { gate, GateProcess, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
import { defineService, GateError, method } from "unigate/worker";
import { threadId } from "node:worker_threads";
const burn = (ms: number) => { const end = Date.now() + ms; while (Date.now() < end); return [process.pid, threadId]; };
export default defineService("cpu", {
  thread: method({ executor: "thread" }, (ms: number) => burn(ms)),
  process: method({ executor: "process" }, (ms: number) => burn(ms)),
  broken: method({ executor: "thread" }, () => { throw new GateError("permission_denied", "not you"); }),
  loop: () => [process.pid, threadId],
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

it("a generator that wants a thread is refused with the reason", async () => {
  const folder = await workspace({
    "cpu.ts": 'import { method } from "unigate/worker";\nexport const count = method({ executor: "thread" }, function* () { yield 1; });\n',
  });
  const { code, stderr } = await gate(["worker", `${folder}/cpu.ts`]);
  expect(code).toBe(2);
  expect(stderr).toContain("streams run in the event loop");
});
