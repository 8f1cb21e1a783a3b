import { writeFile } from "node:fs/promises";
import { connect } from "unigate";
import type { WorkerStatus } from "unigate/transport";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../support/eventually.ts";
import { freePort, GateProcess } from "../support/processes.ts";
import { missing, Terminal } from "../support/terminal.ts";
import { workspace } from "../support/workspace.ts";

const greeter = `
console.log("greeter says this");
export const hello = (name: string) => \`Hello, \${name}\`;
export const pid = () => process.pid;
export const crash = () => process.exit(3);
`;
const other = `
import { setTimeout as sleep } from "node:timers/promises";
export const slow = async (ms: number) => { console.error("slow has begun"); await sleep(ms); return "done"; };
`;

interface Place {
  folder: string;
  zmq: string;
}

/** A folder with a config on a free port and two handlers files. */
async function place(): Promise<Place> {
  const port = await freePort();
  const folder = await workspace({
    "greeter.ts": greeter,
    "other.ts": other,
    "gate.config.ts": `import { defineConfig } from "unigate"; import { zmq } from "unigate/zmq";
export default defineConfig({ transports: [zmq({ bind: "tcp://127.0.0.1:${port}" })], keys: ["0123456789abcdef0123456789abcdef"] });\n`,
  });
  return { folder, zmq: `tcp://127.0.0.1:${port}` };
}

function open(url: string): ReturnType<typeof connect> {
  const client = connect(url, { key: "0123456789abcdef0123456789abcdef" });
  onTestFinished(() => client.close());
  return client;
}

describe("gate dev", () => {
  it("runs the gate and a worker per file, whose lines carry its name; nothing on stdout; SIGTERM ends all with 0", async () => {
    const { folder, zmq } = await place();
    const process = new GateProcess(["dev", "greeter.ts", "other.ts"], { cwd: folder });
    await process.says(/gate \d\S+ {2}ready in \d+ ms {2}on gate\.config\.ts/);
    await process.says(/2 workers, started again when a source changes; Ctrl-C stops everything/);
    await process.says(/^greeter │ greeter says this$/m);
    await process.says(/^other {3}│ serving other\.slow at/m);
    await process.says(/Try:\n {4}npx gate call greeter\.crash/);
    const client = open(zmq);
    expect(await client.call("greeter.hello", ["Ada"])).toBe("Hello, Ada");
    const pid = await client.call<number>("greeter.pid");
    const running = client.call("other.slow", [500]);
    await process.says(/slow has begun/);
    process.signal("SIGTERM");
    expect(await running).toBe("done");
    expect(await process.exit).toBe(0);
    expect(process.stdout).toBe("");
    expect(isAlive(pid)).toBe(false);
  });

  it("starts a worker again that crashed, and says so; the others stay", async () => {
    const { folder, zmq } = await place();
    const process = new GateProcess(["dev", "greeter.ts", "other.ts"], { cwd: folder });
    await process.says(/Try:/);
    const client = open(zmq);
    const pid = await client.call<number>("greeter.pid");
    await expect(client.call("greeter.crash")).rejects.toMatchObject({ code: "unavailable" });
    await process.says(/^greeter │ the worker ended \(exit code 3\); starting it again in 1 s$/m);
    await eventuallyTrue("it is back", async () => (await client.call<WorkerStatus[]>("Gate.workers")).length === 2);
    expect(await client.call("greeter.pid")).not.toBe(pid);
    expect(process.stderr.match(/serving other/g)).toHaveLength(1);
  });

  it("tells what is wrong with a file, and serves it once that is repaired", async () => {
    const { folder, zmq } = await place();
    await writeFile(`${folder}/greeter.ts`, "export const hello = ( => 1;\n");
    const process = new GateProcess(["dev", "greeter.ts", "other.ts"], { cwd: folder });
    await process.says(/^greeter │ gate: handlers file greeter\.ts does not load: .*greeter\.ts:1/m);
    await process.says(/^greeter │ waiting for a change$/m);
    await process.says(/^other +│ serving/m);
    const client = open(zmq);
    expect(await client.call("other.slow", [1])).toBe("done");
    await writeFile(`${folder}/greeter.ts`, greeter);
    await process.says(/^greeter │ serving greeter\.crash/m);
    expect(await client.call("greeter.hello", ["Ada"])).toBe("Hello, Ada");
  });

  it("without a file is wrong usage", async () => {
    const process = new GateProcess(["dev"]);
    expect(await process.exit).toBe(2);
    expect(process.stderr).toContain("FILE is missing");
  });
});

describe.skipIf(missing !== undefined)(`gate dev in a terminal${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  it("colours the names, and on one Ctrl-C finishes what runs and leaves, with no worker started again", async () => {
    const { folder, zmq } = await place();
    const terminal = new Terminal("dev greeter.ts other.ts", { cwd: folder, columns: 120, rows: 60 });
    await terminal.shows(/Try:/);
    // oxlint-disable-next-line no-control-regex
    expect(terminal.styled).toMatch(/\x1b\[36mgreeter │/);
    const running = open(zmq).call("other.slow", [700]);
    await terminal.shows(/slow has begun/);
    terminal.press("C-c");
    await terminal.shows(/finishing 1 job/);
    expect(await running).toBe("done");
    await terminal.shows(/exit code 0/);
    expect(terminal.screen).not.toContain("starting it again");
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
