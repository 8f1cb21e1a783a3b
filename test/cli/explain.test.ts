import { connect } from "unigate/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { gate, GateProcess, type RunningGate, startGate } from "../support/processes.ts";
import { missing, Terminal } from "../support/terminal.ts";
import { workspace } from "../support/workspace.ts";

const handlers = `
export const add = (a: number, b: number) => a + b;
export const slow = () => new Promise((resolve) => setTimeout(resolve, 60_000));
`;

/** A gate, and a worker that takes one job at a time; one job runs and one waits, each with its name. */
async function busyWorld(): Promise<{ running: RunningGate; explain: (what: string) => Promise<unknown> }> {
  const folder = await workspace({ "t.ts": handlers });
  const running = await startGate(folder);
  const worker = new GateProcess(["worker", `${folder}/t.ts`, "--gate", running.zmq, "--id", "only", "--concurrency", "1"]);
  await worker.says(/serving/);
  const client = connect(running.zmq);
  onTestFinished(() => client.close());
  for (const id of ["first", "second"]) {
    client.call("t.slow", [], { metadata: { "x-request-id": id }, timeout: "50s" }).then(undefined, () => {});
    const known = async (): Promise<boolean> => (await gate(["explain", id, "--gate", running.zmq])).code === 0;
    await eventuallyTrue(`${id} is under way`, known);
  }
  const explain = async (what: string): Promise<unknown> => JSON.parse((await gate(["explain", what, "--gate", running.zmq])).stdout);
  return { running, explain };
}

describe("gate explain", () => {
  it("tells where a job is, and why another one waits", async () => {
    const { explain } = await busyWorld();
    expect(await explain("first")).toMatchObject({ target: "t.slow", state: "running", worker: "only", attempts: 1, route: "*" });
    expect(await explain("second")).toMatchObject({
      state: "waiting",
      ahead: 0,
      attempts: 0,
      candidates: [{ id: "only", isCandidate: false, reason: "full: 1 of 1 in flight" }],
    });
  });

  it("tells what each method of a worker gets, and why it gets no more", async () => {
    const { explain } = await busyWorld();
    expect(await explain("only")).toMatchObject({
      id: "only",
      inFlight: 1,
      methods: [
        { name: "t.add", route: "*", strategy: "roundRobin", isCandidate: false, reason: "full: 1 of 1 in flight" },
        { name: "t.slow", isCandidate: false },
      ],
    });
  });

  it("tells of a job that the gate keeps", async () => {
    const running = await startGate(await workspace());
    const { stdout } = await gate(["call", "t.later", "--async", "--gate", running.zmq]);
    const { id } = JSON.parse(stdout) as { id: string };
    const told = await gate(["explain", id, "--gate", running.zmq]);
    expect(JSON.parse(told.stdout)).toMatchObject({ id, target: "t.later", state: "waiting" });
  });

  it("fails for a name that nothing has, and says where to look", async () => {
    const running = await startGate(await workspace());
    const { code, stdout, stderr } = await gate(["explain", "nobody", "--gate", running.zmq]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^not_found: nobody is neither a target nor a worker nor a job under way; `gate list`/);
  });

  it.skipIf(missing !== undefined)(`is a table in a terminal${missing === undefined ? "" : ` (skipped: ${missing})`}`, async () => {
    const { running } = await busyWorld();
    const terminal = new Terminal(`explain second --gate ${running.zmq}`);
    await terminal.shows(/exit code 0/);
    expect(terminal.screen).toMatch(/^state +waiting, 0 jobs before it$/m);
    expect(terminal.screen).toMatch(/^worker only +out: full: 1 of 1 in flight$/m);
  });
});
