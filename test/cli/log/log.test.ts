import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { freePort, gate, gateCommand, GateProcess } from "../../support/processes.ts";
import { missing, Terminal } from "../../support/terminal.ts";
import { workspace } from "../../support/workspace.ts";

const handlers = `
import { GateError } from "unigate";
export const service = "shop";
export const buy = (thing: string) => thing;
export const fail = (text: string) => { throw new GateError("unavailable", text); };
export const large = () => { throw new GateError("unavailable", "x".repeat(20_000)); };
`;

/** A folder with handlers, and a config with `log` in it. */
async function place(log = "{}"): Promise<{ folder: string; url: string }> {
  const folder = await workspace({ "shop.ts": handlers });
  const port = await freePort();
  const source = `import { defineConfig } from "unigate"; import { zmq } from "unigate/zmq";
export default defineConfig({ transports: [zmq({ bind: "tcp://127.0.0.1:${port}" })], log: ${log} });\n`;
  await writeFile(`${folder}/gate.config.ts`, source);
  return { folder, url: `tcp://127.0.0.1:${port}` };
}

async function serve(folder: string, env: Record<string, string> = {}, ...args: string[]): Promise<GateProcess> {
  const process = new GateProcess(["serve", "--worker", "shop.ts", ...args], { cwd: folder, env });
  await process.says(/ready in/);
  return process;
}

function open(url: string): ReturnType<typeof connect> {
  const client = connect(url);
  onTestFinished(() => client.close());
  return client;
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("the log of gate serve", () => {
  it("is JSON lines on stderr, one for each failed job, and the last ones are there when the gate has ended", async () => {
    const { folder, url } = await place();
    const process = await serve(folder);
    const client = open(url);
    for (const text of ["one", "Bearer abcdefgh"]) await expect(client.call("shop.fail", [text])).rejects.toThrow(text);
    process.signal("SIGTERM");
    expect(await process.exit).toBe(0);
    const failed = jsonLines(process.stderr).filter(({ msg }) => msg === "job failed");
    expect(failed).toMatchObject([
      { level: 40, target: "shop.fail", route: "*", code: "unavailable", error: "one" },
      { level: 40, target: "shop.fail", route: "*", code: "unavailable", error: "Bearer [redacted]" },
    ]);
    expect(failed.every(({ job }) => typeof job === "string" && job !== "")).toBe(true);
    expect(process.stdout).toBe("");
  });

  it("has the level of the config, unless $GATE_LOG or --log-level names another", async () => {
    const { folder, url } = await place('{ level: "error" }');
    const levels: [env: Record<string, string>, args: string[], lines: number][] = [
      [{ GATE_LOG: "" }, [], 0],
      [{ GATE_LOG: "warn" }, [], 1],
      [{ GATE_LOG: "debug" }, ["--log-level", "error"], 0],
    ];
    for (const [env, args, lines] of levels) {
      const process = await serve(folder, env, ...args);
      const client = connect(url);
      await expect(client.call("shop.fail", ["x"])).rejects.toThrow("x");
      await client.close();
      process.signal("SIGTERM");
      await process.exit;
      expect(jsonLines(process.stderr).filter(({ msg }) => msg === "job failed")).toHaveLength(lines);
    }
  });

  it("goes to files of bounded size and number when the config names one, and then not to stderr", async () => {
    const { folder, url } = await place('{ file: "log/gate", fileSize: "2kb", keep: 2 }');
    const process = await serve(folder);
    const client = open(url);
    // One after the other: each line is a write of its own.
    for (let at = 0; at < 60; at++) await expect(client.call("shop.fail", [`number ${at}`])).rejects.toThrow("number");
    await eventuallyTrue("old files are removed", async () => (await readdir(`${folder}/log`)).length <= 2);
    process.signal("SIGTERM");
    expect(await process.exit).toBe(0);
    // The goodbyes may have begun one more.
    const files = await readdir(`${folder}/log`);
    expect(files.length).toBeLessThanOrEqual(3);
    const texts = await Promise.all(files.map((file) => readFile(`${folder}/log/${file}`, "utf8")));
    const lines = jsonLines(texts.join(""));
    expect(lines.map(({ error }) => error)).toContain("number 59");
    expect(lines.map(({ error }) => error)).not.toContain("number 0");
    expect(jsonLines(process.stderr)).toEqual([]);
  });

  it("tells what is wrong with its part of the config, and with a file that cannot be opened", async () => {
    const { folder } = await place('{ level: "loud", fileSize: 1, keep: 1, redact: "x", colour: true } as never');
    const { code, stderr } = await gate(["check"], { cwd: folder });
    expect(code).toBe(2);
    for (const fault of ["log.level: is not a level", "log.fileSize: is not a size", "log.keep: is too small", "log.redact: is not a list"])
      expect(stderr).toContain(fault);
    expect(stderr).toContain("log.colour: is not a known key; known are level, file");
    const other = await place('{ file: "shop.ts/gate" }');
    const refused = await gate(["serve"], { cwd: other.folder });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('log.file "shop.ts/gate" cannot be opened')]);
  });

  it("holds up no job when nobody reads it", async () => {
    const { folder, url } = await place();
    const child = spawn(process.execPath, [gateCommand, "serve", "--worker", "shop.ts"], {
      cwd: folder,
      env: { ...process.env, GATE_LOG: "warn", NODE_OPTIONS: "" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    // Nothing is ever read from its stderr: a pipe takes 64 KiB, and these lines are 2 MB.
    const client = connect(url, { connectTimeout: "15s" });
    onTestFinished(() => client.close());
    await client.ready();
    await Promise.all(Array.from({ length: 100 }, () => expect(client.call("shop.large")).rejects.toThrow("x")));
    expect(await client.call("shop.buy", ["tea"])).toBe("tea");
  });

  it.skipIf(missing !== undefined)(
    `is readable on a terminal, and no caller can steer it${missing === undefined ? "" : ` (skipped: ${missing})`}`,
    async () => {
      const { folder, url } = await place();
      const terminal = new Terminal("serve --worker shop.ts", { cwd: folder, columns: 160 });
      await terminal.shows(/ready in/);
      const client = open(url);
      await expect(client.call("shop.fail", ["\u001b[2Jclean\nsweep"])).rejects.toThrow("sweep");
      await terminal.shows(/\d\d:\d\d:\d\d warn +job failed +job=\S+ +target=shop\.fail .*error=\\u001b\[2Jclean/);
      expect(terminal.screen).toMatch(/ready in/);
      expect(terminal.screen).toMatch(/^ +sweep/m);
    },
  );
});
