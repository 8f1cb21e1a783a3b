import { connect } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import { gate, GateProcess, type RunningGate, startGate } from "../../support/processes.ts";
import { workspace } from "../../support/workspace.ts";
import { missing, Terminal } from "../../support/terminal.ts";

const handlers = `
import { setTimeout as sleep } from "node:timers/promises";
export const service = "text";
export const echo = (text: string) => text;
export const slow = async () => { await sleep(40); return 1; };
export const broken = () => { throw new RangeError("out of paper"); };
`;

/** A gate with one worker, and calls that do not stop. */
async function busyGate(): Promise<{ running: RunningGate; folder: string; worker: GateProcess }> {
  const folder = await workspace({ "text.ts": handlers });
  const running = await startGate(folder);
  const worker = new GateProcess(["worker", `${folder}/text.ts`, "--gate", running.zmq, "--id", "text-1", "--version", "v7"]);
  await worker.says(/serving/);
  load(running.zmq);
  return { running, folder, worker };
}

function load(url: string): void {
  const client = connect(url);
  const over = new AbortController();
  onTestFinished(async () => {
    over.abort();
    await client.close();
  });
  for (const method of ["echo", "slow", "slow", "broken"]) void callOn(method);
  async function callOn(method: string): Promise<void> {
    while (!over.signal.aborted) {
      await client.call(`text.${method}`, ["x"]).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

describe.skipIf(missing !== undefined)(`gate top in a terminal${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  it("shows a gate under load, follows its keys and sizes, and leaves a clean terminal", async () => {
    const { running } = await busyGate();
    const terminal = new Terminal(`top --gate ${running.zmq}`);
    await terminal.shows(/text\.echo .*\d\/s/);
    expect(terminal.modes).toEqual({ isAlternate: true, hasCursor: false });
    for (const pattern of [/● ready/, /routes 3/, /nobody waits/, /text-1 +ready +[·×]*[♥♡]/, /v7/, /text-1 joined over zmq/])
      await terminal.shows(pattern);
    expect(terminal.styled).toContain("\u001b[");
    terminal.press("?");
    await terminal.shows(/drain the worker: it finishes its jobs and leaves; asks first/);
    terminal.press("?");
    terminal.press("/", "b", "r", "o", "k");
    await terminal.shows(/routes 1[\s\S]*text\.broken[\s\S]*\/ brok/);
    terminal.press("Enter");
    terminal.press("Enter");
    await terminal.shows(/route of text\.broken[\s\S]*candidate: \d+ of 100 in flight/);
    terminal.press("Escape");
    await terminal.shows(/routes 1/);
    terminal.press("Escape");
    await terminal.shows(/routes 3/);
    terminal.press("Tab", "Tab");
    terminal.press("Enter");
    await terminal.shows(/worker text-1[\s\S]*text\.broken {2}text\.echo {2}text\.slow[\s\S]*text\.broken {2}out of paper/);
    terminal.press("Escape");
    for (const [columns, rows] of [
      [60, 15],
      [250, 70],
      [80, 24],
    ] as const) {
      terminal.resize(columns, rows);
      await terminal.shows(/routes 3[\s\S]*text\.echo[\s\S]*queues[\s\S]*workers 1|routes 3.*workers 1[\s\S]*queues/);
      await terminal.shows(/q quit/);
      expect(terminal.screen.match(/● ready/g)).toHaveLength(1);
    }
    terminal.press("q");
    await terminal.shows(/^before\nexit code 0\n/);
    expect(terminal.modes).toEqual({ isAlternate: false, hasCursor: true });
  });

  it("drains a worker after a yes, and the worker leaves", async () => {
    const { running, worker } = await busyGate();
    const terminal = new Terminal(`top --gate ${running.http.replace("http", "ws")}`);
    await terminal.shows(/text-1 +ready/);
    terminal.press("Tab", "Tab", "d");
    await terminal.shows(/Drain text-1\?/);
    terminal.press("n");
    await terminal.shows(/q quit/);
    terminal.press("d", "y");
    await terminal.shows(/text-1 left/);
    await terminal.shows(/workers 0/);
    expect(await worker.exit).toBe(0);
  });

  it("counts kept jobs as they come and die, and shows the dead ones with their reasons", async () => {
    const folder = await workspace({ "text.ts": handlers });
    const running = await startGate(folder, 'jobs: { maxAttempts: 1 }, routes: { "text.*": {} }');
    const client = connect(running.zmq);
    onTestFinished(() => client.close());
    const { id } = await client.call<{ id: string }>("Gate.submit", ["text.broken"]);
    const terminal = new Terminal(`top --gate ${running.zmq}`);
    await terminal.shows(/kept jobs .*1\/10k/);
    const worker = new GateProcess(["worker", `${folder}/text.ts`, "--gate", running.zmq]);
    await worker.says(/serving/);
    await terminal.shows(/kept jobs .*0\/10k.* 1\n/);
    await terminal.shows(/text\.broken .*0\/10k.* 1\n/);
    terminal.press("Tab", "Enter");
    await terminal.shows(new RegExp(`dead letters 1[\\s\\S]*text\\.broken {2}out of paper\\n.*${id} {2}attempts: 1 of 1`));
    terminal.press("Escape");
    await terminal.shows(/queues 2/);
  });

  it("says that its gate is away, and follows it again after a restart", async () => {
    const { running, folder } = await busyGate();
    const terminal = new Terminal(`top --gate ${running.zmq}`);
    await terminal.shows(/text-1 +ready/);
    await running.process.kill();
    await terminal.shows(/○ reconnecting[\s\S]*the gate is away, trying again/);
    await startGate(folder, "", running);
    await terminal.shows(/● ready[\s\S]*the gate has restarted/);
    await terminal.shows(/text-1 +ready/);
  });

  it.each([
    ["SIGTERM", "", 143],
    ["SIGINT", "", 130],
    ["SIGHUP", "", 129],
    [
      "a promise that nobody handles",
      `--import 'data:text/javascript,process.on("SIGUSR2",()=>Promise.reject(new Error("left alone")))'`,
      1,
    ],
    ["a crash", `--import 'data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("a crash of its own")})'`, 1],
  ])("leaves a clean terminal on %s", async (what, nodeArgs, code) => {
    const folder = await workspace();
    const running = await startGate(folder);
    const terminal = new Terminal(`top --gate ${running.zmq}`, { nodeArgs });
    await terminal.shows(/nobody waits/);
    process.kill(terminal.pid, what.startsWith("SIG") ? what : "SIGUSR2");
    await terminal.shows(new RegExp(`^before\\n[\\s\\S]*exit code ${code}`));
    expect(terminal.modes).toEqual({ isAlternate: false, hasCursor: true });
  });

  it("ends with 130 on Ctrl-C", async () => {
    const running = await startGate(await workspace());
    const terminal = new Terminal(`top --gate ${running.zmq}`);
    await terminal.shows(/nobody waits/);
    terminal.press("C-c");
    await terminal.shows(/^before\nexit code 130\n/);
  });
});

describe("gate top without a terminal", () => {
  it("says so, offers --once, and exits with 2", async () => {
    expect(await gate(["top"])).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/is none\n.*--once.*--json/) });
  });

  it("prints one frame with --once, and a snapshot with --json, with rates in both", async () => {
    const { running } = await busyGate();
    const [once, json] = await Promise.all([
      gate(["top", "--once", "--gate", running.zmq]),
      gate(["top", "--json", "--gate", running.zmq]),
    ]);
    expect(once).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/text\.echo .*\d\/s/) });
    expect(once.stdout).not.toContain("\u001b");
    const snapshot = JSON.parse(json.stdout) as { targets: object[]; workers: object[]; jobs: { callsPerSecond: number } };
    expect(snapshot.jobs.callsPerSecond).toBeGreaterThan(1);
    expect(snapshot.workers).toMatchObject([{ id: "text-1", state: "ready", version: "v7", missedBeats: 0 }]);
    expect(snapshot.targets).toHaveLength(3);
    expect(json.code).toBe(0);
  });

  it("fails with 1 and the reason when there is no gate", async () => {
    const { code, stderr } = await gate(["top", "--once", "--gate", "tcp://127.0.0.1:9"]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^unavailable: .*127\.0\.0\.1:9/)]);
  });
});
