import { spawnSync } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { gate, gateCommand, GateProcess, type RunningGate, startGate } from "../support/processes.ts";
import { missing, Terminal } from "../support/terminal.ts";
import { workspace } from "../support/workspace.ts";

/** The words that are offered in place of the last of `line`. */
async function offered(line: string, env: Record<string, string> = {}): Promise<string[]> {
  const { code, stdout, stderr } = await gate(["completion", "candidates", "--", ...line.split(" ").slice(1)], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.split("\n").flatMap((text) => (text === "" ? [] : [text.split("\t")[0] as string]));
}

async function world(): Promise<{ folder: string; running: RunningGate }> {
  const folder = await workspace({ "photo.ts": "export const crop = (width: number) => width;\nexport const rotate = () => 1;\n" });
  const running = await startGate(folder);
  const worker = new GateProcess(["worker", `${folder}/photo.ts`, "--gate", running.zmq]);
  await worker.says(/serving/);
  return { folder, running };
}

describe("gate completion candidates", () => {
  it.each([
    ["gate cal", ["call"]],
    ["gate help wor", ["worker", "workers"]],
    ["gate nonsense x", []],
    ["gate keys ", ["generate"]],
    ["gate call --timeo", ["--timeout"]],
    ["gate call --json --js", []],
    ["gate call --header a=b --hea", ["--header"]],
    ["gate call x --timeout ", []],
    ["gate worker ./ha", [":files"]],
    ["gate worker --concurrency 4 ", [":files"]],
    ["gate serve -c ", [":files"]],
    ["gate serve --worker=", [":files"]],
    ["gate list more", []],
    ["gate completion f", ["fish"]],
  ])("%j → %j", async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });

  it("offers the names of contexts, in every way that a shell parts the words", async () => {
    const folder = await workspace();
    await mkdir(`${folder}/unigate`);
    await writeFile(
      `${folder}/unigate/contexts.json`,
      JSON.stringify({ gates: { prod: { url: "tcp://a:1" }, test: { url: "tcp://b:1" } } }),
    );
    const env = { XDG_CONFIG_HOME: folder };
    expect(await offered("gate info --context p", env)).toEqual(["prod"]);
    expect(await offered("gate info --context=p", env)).toEqual(["--context=prod"]);
    expect(await offered("gate info --context = p", env)).toEqual(["prod"]);
    expect(await offered("gate context use ", env)).toEqual(["prod", "test"]);
  });

  it("offers the targets of the gate that the line names, and is silent when there is none", async () => {
    const { running } = await world();
    expect(await offered("gate call photo.", { GATE_URL: running.zmq })).toEqual(["photo.crop", "photo.rotate"]);
    expect(await offered(`gate call --gate ${running.zmq} photo.c`)).toEqual(["photo.crop"]);
    expect(await offered("gate explain photo.r", { GATE_URL: running.http.replace("http", "ws") })).toEqual(["photo.rotate"]);
    expect(await offered("gate call photo.", { GATE_URL: "tcp://127.0.0.1:1" })).toEqual([]);
    expect(await offered("gate call photo.", { GATE_URL: "nonsense" })).toEqual([]);
  });
});

/** How a shell starts without anybody's settings, and loads the completion. */
const shells = {
  bash: { start: "bash --norc --noprofile -i", load: "source <(gate completion bash)" },
  zsh: { start: "zsh -f -i", load: "autoload -Uz compinit && compinit -u -D && source <(gate completion zsh)" },
  fish: { start: "fish --no-config", load: "gate completion fish | source" },
};

describe("Tab in", () => {
  it.for(Object.entries(shells))(
    "%s completes a command, an option, a target and a file",
    { timeout: 60_000 },
    async ([name, { start, load }], { skip }) => {
      skip(missing !== undefined, missing);
      skip(spawnSync(name, ["--version"]).error !== undefined, `${name} is not installed`);
      const { folder, running } = await world();
      await mkdir(`${folder}/bin`);
      await writeFile(`${folder}/bin/gate`, `#!/bin/sh\nexec ${process.execPath} ${gateCommand} "$@"\n`);
      await chmod(`${folder}/bin/gate`, 0o755);
      const env = { PATH: `${folder}/bin:${process.env["PATH"]}`, GATE_URL: running.zmq, HOME: folder, XDG_DATA_HOME: folder };
      const terminal = new Terminal("", { program: start, cwd: folder, columns: 100, rows: 30, env });
      terminal.press(`${load}; echo loa"ded"`, "Enter");
      await terminal.shows(/^loaded$/m);
      const tab = async (typed: string, completed: RegExp): Promise<void> => {
        terminal.press("C-u", typed, "Tab");
        await terminal.shows(completed);
      };
      await tab("gate cal", /gate call$/m);
      await tab("gate call --timeo", /gate call --timeout/);
      await tab("gate call photo.ro", /gate call photo\.rotate/);
      await tab("gate worker pho", /gate worker photo\.ts/);
    },
  );
});
