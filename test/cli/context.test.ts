import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { gate, GateProcess, startGate } from "../support/processes.ts";
import { missing, Terminal } from "../support/terminal.ts";
import { workspace } from "../support/workspace.ts";

const secret = "0123456789abcdef0123456789abcdef";

/** `gate` with a configuration folder of its own. */
async function home(): Promise<{
  folder: string;
  file: string;
  run: (line: string, env?: Record<string, string>, input?: string) => ReturnType<typeof gate>;
}> {
  const folder = await workspace();
  return {
    folder,
    file: `${folder}/config/unigate/contexts.json`,
    run: (line, env = {}, input = "") =>
      gate(
        line.split(" ").filter((word) => word !== ""),
        { env: { XDG_CONFIG_HOME: `${folder}/config`, ...env }, input },
      ),
  };
}

describe("gate context", () => {
  it("keeps a gate and its key under a name, in a file that only its owner reads, and never shows the key", async () => {
    const { run, file } = await home();
    expect(await run("context add prod --gate wss://gate.example --key - --read-only", {}, `${secret}\n`)).toMatchObject({ code: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).toContain(secret);
    const listed = await run("context list");
    expect(JSON.parse(listed.stdout)).toEqual([
      { name: "prod", gate: "wss://gate.example", hasKey: true, isReadOnly: true, isInUse: false },
    ]);
    await chmod(file, 0o644);
    await run("context use prod");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse((await run("context list")).stdout)).toMatchObject([{ isInUse: true }]);
    expect((await run("context remove prod")).stdout).toBe("[]\n");
  });

  it.each([
    ["info --gate nope://g", { GATE_URL: "nope://u", GATE_CONTEXT: "a" }, '--gate: "nope://g"'],
    ["info --context a", { GATE_URL: "nope://u", GATE_CONTEXT: "b" }, 'context a: "nope://a"'],
    ["info", { GATE_URL: "nope://u", GATE_CONTEXT: "a" }, 'context a: "nope://a"'],
    ["info", { GATE_URL: "nope://u" }, '$GATE_URL: "nope://u"'],
    ["info", {}, 'context b: "nope://b"'],
    ["info --context default", { GATE_URL: "nope://u", GATE_CONTEXT: "a" }, '$GATE_URL: "nope://u"'],
  ])("%s with %j goes where the strongest word says, with b in use", async (line, env, said) => {
    const { run, file, folder } = await home();
    await mkdir(`${folder}/config/unigate`, { recursive: true });
    await writeFile(file, JSON.stringify({ inUse: "b", gates: { a: { url: "nope://a" }, b: { url: "nope://b" } } }));
    // URLs that are none tell who named them.
    expect((await run(line, env)).stderr).toContain(`gate: ${said} is not the URL of a gate`);
  });

  it("brings the key of its gate, for that gate alone", async () => {
    const { run, folder } = await home();
    const own = await startGate(folder, `keys: ["${secret}"]`);
    await run(`context add own --gate ${own.zmq} --key ${secret}`);
    await run("context use own");
    expect(await run("info")).toMatchObject({ code: 0 });
    const elsewhere = await run(`info --gate ${own.zmq}`);
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.stderr).toMatch(/^unauthenticated: /);
  });

  it("marked read-only lets commands look, and refuses those that change something, before they connect", { timeout: 60_000 }, async () => {
    const { run, folder } = await home();
    const own = await startGate(folder);
    await run(`context add prod --gate ${own.zmq} --read-only`);
    await run("context use prod");
    for (const line of ["info", "workers", "explain a.b", "jobs list"]) expect(await run(line)).toMatchObject({ code: 0 });
    for (const line of ["call a.b", "bench a.b", "worker x.ts", "jobs retry 1", "expose 3000"]) {
      const { code, stdout, stderr } = await run(line);
      expect({ line, code, stdout }).toEqual({ line, code: 2, stdout: "" });
      expect(stderr).toContain(`gate: context prod is read-only, and gate ${line.split(" ")[0]} changes something at its gate`);
    }
    expect((await run(`call a.b --gate ${own.zmq}`)).stderr).toMatch(/^not_found/);
  });

  it("serves a worker and its supervised processes at the gate of the context, with its key", async () => {
    const { run, folder } = await home();
    const own = await startGate(folder, `keys: ["${secret}"]`);
    await run(`context add own --gate ${own.zmq} --key ${secret}`);
    await writeFile(`${folder}/job.ts`, "export const hi = () => 1;\n");
    const options = ["worker", `${folder}/job.ts`, "--context", "own", "--instances", "2"];
    const worker = new GateProcess(options, { env: { XDG_CONFIG_HOME: `${folder}/config` } });
    await worker.says(/serving job\.hi at tcp:(.|\n)*serving job\.hi at tcp:/);
    expect((await run("call job.hi --context own")).stdout).toBe("1\n");
  });

  it.each([
    ["context", "ACTION is missing"],
    ["context add", "NAME is missing"],
    ["context add prod", "the URL of the gate is missing"],
    ["context add prod --gate carrier-pigeon://x", "tcp://"],
    ["context add pr/od --gate tcp://a:1", "is no name of a context"],
    ["context add default --gate tcp://a:1", "means that there is no context"],
    ["context add there --gate tcp://a:1", "context there is there already"],
    ["context use theer", "did you mean there?"],
    ["context remove nowhere", "there is no context nowhere"],
    ["info --context theer", "did you mean there?"],
    ["info --context there --gate tcp://a:1", "named twice"],
  ])("gate %s is wrong usage, and changes nothing", async (line, reason) => {
    const { run, file } = await home();
    await run("context add there --gate tcp://127.0.0.1:1");
    const before = await readFile(file, "utf8");
    const { code, stdout, stderr } = await run(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
    expect(await readFile(file, "utf8")).toBe(before);
  });

  it("that is broken is named with its file", async () => {
    const { run, file, folder } = await home();
    await mkdir(`${folder}/config/unigate`, { recursive: true });
    await writeFile(file, "{");
    const { code, stderr } = await run("info");
    expect(code).toBe(2);
    expect(stderr).toContain(`${file} is broken`);
  });
});

describe.skipIf(missing !== undefined)(`gate top at a read-only context${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  it("drains no worker", async () => {
    const { run, folder } = await home();
    const own = await startGate(folder);
    await writeFile(`${folder}/job.ts`, "export const hi = () => 1;\n");
    const worker = new GateProcess(["worker", `${folder}/job.ts`, "--id", "me", "--gate", own.zmq]);
    await worker.says(/serving/);
    await run(`context add prod --gate ${own.zmq} --read-only`);
    const terminal = new Terminal("top --context prod", {
      cwd: folder,
      columns: 120,
      rows: 40,
      env: { XDG_CONFIG_HOME: `${folder}/config` },
    });
    await terminal.shows(/me +ready/);
    terminal.press("Tab", "Tab", "d");
    await terminal.shows(/Drain me\?/);
    terminal.press("y");
    await terminal.shows(/context prod is read-only: me was not drained/);
    terminal.press("q");
  });
});
