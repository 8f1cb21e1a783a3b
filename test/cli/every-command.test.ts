/** What holds for every command: results on stdout and nothing else, JSON when piped or asked for, exit codes. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { Command } from "../../cli/command.ts";
import { commands } from "../../cli/commands/index.ts";
import { freePort, gate, gateCommand, GateProcess, type RunningGate, startGate } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const secret = "0123456789abcdef0123456789abcdef";

const handlers = `
import { setTimeout as sleep } from "node:timers/promises";
export const service = "t";
export const echo = (value: unknown) => value;
export const slow = async () => { console.error("slow has begun"); await sleep(60_000); };
`;

interface World extends RunningGate {
  folder: string;
  port: number;
}

/**
 * How each command is run to its end, in a folder with a gate, a worker and a config: a `result` is JSON on stdout; a `text` is not
 * for programs; what `stays` runs until it is told to stop.
 */
const table: Readonly<Record<string, { kind: "result" | "text" | "stays"; args: (world: World) => string[] }>> = {
  init: { kind: "result", args: ({ folder }) => [`${folder}/new-${Math.random()}`, "--yes"] },
  serve: { kind: "stays", args: ({ port }) => ["-c", configOn(port)] },
  dev: { kind: "stays", args: ({ port }) => ["t.ts", "-c", configOn(port)] },
  worker: { kind: "stays", args: () => ["t.ts", "--service", "other"] },
  expose: { kind: "stays", args: ({ http }) => [http, "--path", "/exposed", "--gate", http.replace("http", "ws")] },
  call: { kind: "result", args: () => ["t.echo", '{"a":[1,null,"two"]}'] },
  top: { kind: "result", args: () => ["--json"] },
  list: { kind: "result", args: () => [] },
  routes: { kind: "result", args: () => [] },
  workers: { kind: "result", args: () => [] },
  queues: { kind: "result", args: () => [] },
  info: { kind: "result", args: () => [] },
  jobs: { kind: "result", args: () => ["list"] },
  explain: { kind: "result", args: () => ["t.echo"] },
  bench: { kind: "result", args: () => ["t.echo", "1", "-c", "2", "-d", "100ms"] },
  context: { kind: "result", args: () => ["list"] },
  keys: { kind: "result", args: () => ["generate"] },
  completion: { kind: "text", args: () => ["bash"] },
  doctor: { kind: "result", args: ({ port }) => ["-c", configOn(port)] },
  check: { kind: "result", args: ({ port }) => ["-c", configOn(port), "--worker", "t.ts"] },
};

const configOn = (port: number): string => `config-${port}.ts`;
const namesOf = (...kinds: string[]): string[] => Object.keys(table).filter((name) => kinds.includes(table[name]?.kind ?? ""));

async function world(): Promise<World> {
  const port = await freePort();
  const config = `import { defineConfig } from "unigate"; import { zmq } from "unigate/zmq";
export default defineConfig({ transports: [zmq({ bind: "tcp://127.0.0.1:${port}" })] });\n`;
  const folder = await workspace({ "t.ts": handlers, [configOn(port)]: config });
  const running = await startGate(folder);
  const worker = new GateProcess(["worker", "t.ts"], { cwd: folder, env: { GATE_URL: running.zmq } });
  await worker.says(/serving/);
  return { ...running, folder, port };
}

const lineOf = (name: string, of: World): string[] => [name, ...(table[name]?.args(of) ?? [])];
const withGate = ({ folder, zmq }: World): { cwd: string; env: Record<string, string> } => ({ cwd: folder, env: { GATE_URL: zmq } });

describe("of every command there is:", () => {
  it("this test knows it", () => {
    expect(Object.keys(table)).toEqual(Object.keys(commands));
  });

  it("--help tells of it on stdout, with every option, and exits with 0", { timeout: 60_000 }, async () => {
    for (const [name, { load }] of Object.entries(commands)) {
      const command: Command = await load();
      const { code, stdout, stderr } = await gate([name, "--help"]);
      expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: "" });
      expect(stdout).toContain(`gate ${name}`);
      for (const option of Object.keys(command.options ?? {})) expect(stdout).toContain(`--${option}`);
      expect({ name, hasExamples: stdout.includes("Examples:") }).toEqual({ name, hasExamples: true });
    }
  });

  it(
    "an option that it does not have is wrong usage: exit code 2, why and what next on stderr, nothing on stdout",
    { timeout: 60_000 },
    async () => {
      for (const name of Object.keys(commands)) {
        const { code, stdout, stderr } = await gate([name, "--no-such-option"]);
        expect({ name, code, stdout }).toEqual({ name, code: 2, stdout: "" });
        expect(stderr).toMatch(/^gate: there is no option --no-such-option\n {2}\S/);
      }
    },
  );

  it("one that talks to a gate says whether it changes something there", async () => {
    for (const [name, { load }] of Object.entries(commands)) {
      const { options, changesGate } = await load();
      expect({ name, isSaid: changesGate !== undefined }).toEqual({ name, isSaid: options?.["context"] !== undefined });
    }
  });

  it(
    "a result is one line of JSON when piped, with or without --json; stderr is for people; exit code 0",
    { timeout: 60_000 },
    async () => {
      const here = await world();
      for (const name of namesOf("result")) {
        const { options } = await (commands[name] as (typeof commands)[string]).load();
        expect({ name, hasJson: options?.["json"] !== undefined }).toEqual({ name, hasJson: true });
        for (const json of [[], ["--json"]]) {
          const { code, stdout, stderr } = await gate([...lineOf(name, here), ...json], withGate(here));
          expect({ name, code }, stderr).toEqual({ name, code: 0 });
          expect(stdout, name).toMatch(/^[^\n]+\n$/);
          expect(typeof JSON.parse(stdout), name).toBe("object");
        }
      }
    },
  );

  it("--json is JSON on a terminal too, and stderr stays out of it", { timeout: 60_000 }, async ({ skip }) => {
    skip(
      !String(spawnSync("script", ["--version"]).stdout).includes("util-linux"),
      "script of util-linux, which makes a terminal, is not installed",
    );
    const here = await world();
    for (const name of namesOf("result")) {
      const words = [process.execPath, gateCommand, ...lineOf(name, here), "--json"].map((word) => `'${word}'`).join(" ");
      const { stdout, status } = onTerminal(`${words} 2> stderr.txt`, withGate(here));
      expect({ name, status }).toEqual({ name, status: 0 });
      expect(() => JSON.parse(stdout) as unknown, `${name}: ${stdout}`).not.toThrow();
    }
  });

  it("what stays writes nothing to stdout before something happens, and leaves with 0 on SIGTERM", { timeout: 60_000 }, async () => {
    const here = await world();
    for (const name of namesOf("stays")) {
      const process = new GateProcess(lineOf(name, here), withGate(here));
      await process.says(/ready in(.|\n)*(?:worker|serving)|^serving|^exposing/);
      process.signal("SIGTERM");
      expect({ name, exit: await process.exit, stdout: process.stdout }, process.stderr).toEqual({ name, exit: 0, stdout: "" });
    }
  });

  it(
    "a gate that refuses, for want of a key, is told as code and message: exit code 1, for a worker 2, nothing on stdout",
    { timeout: 60_000 },
    async () => {
      const folder = await workspace({ "t.ts": handlers });
      const locked = await startGate(folder, `keys: ["${secret}"]`);
      const here: World = { ...locked, folder, port: 0 };
      for (const [name, { load }] of Object.entries(commands)) {
        if ((await load()).options?.["context"] === undefined) continue;
        const { code, stdout, stderr } = await gate(lineOf(name, here), withGate(here));
        const isWorker = name === "worker" || name === "expose";
        expect({ name, code, stdout }, stderr).toEqual({ name, code: isWorker ? 2 : 1, stdout: "" });
        expect(stderr, name).toMatch(isWorker ? /gate: the gate refused this worker: / : /^unauthenticated: .*key/);
      }
    },
  );

  it("Ctrl-C ends one that waits for an answer with 130, and nothing on stdout", async () => {
    const here = await world();
    const call = new GateProcess(["call", "t.slow"], withGate(here));
    await expect.poll(async () => (await gate(["info"], withGate(here))).stdout, { timeout: 10_000 }).toMatch(/"open":[1-9]/);
    call.signal("SIGINT");
    expect(await call.exit).toBe(130);
    expect(call.stdout).toBe("");
  });
});

/** Runs a line of a shell with its stdout on a terminal. */
function onTerminal(line: string, { cwd, env }: { cwd: string; env: Record<string, string> }): { stdout: string; status: number | null } {
  const { stdout, status } = spawnSync("script", ["-qec", line, "/dev/null"], {
    cwd,
    env: { ...process.env, ...env, NODE_OPTIONS: "" },
    encoding: "utf8",
  });
  return { stdout, status };
}
