import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { connect } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort, gate, GateProcess } from "../support/processes.ts";
import { missing, Terminal } from "../support/terminal.ts";
import { workspace } from "../support/workspace.ts";

const root = new URL("../..", import.meta.url).pathname;

interface Manifest {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  [key: string]: unknown;
}

const manifestOf = async (folder: string): Promise<Manifest> => JSON.parse(await readFile(`${folder}/package.json`, "utf8")) as Manifest;

/** The project on ports of its own. */
async function onFreePorts(folder: string, file = "gate.config.ts"): Promise<string> {
  const [httpPort, zmqPort, grpcPort] = [await freePort(), await freePort(), await freePort()];
  const config = await readFile(`${folder}/${file}`, "utf8");
  const moved = config.replace("9000", `${httpPort}`).replace("5555", `${zmqPort}`).replace("50051", `${grpcPort}`);
  await writeFile(`${folder}/${file}`, moved);
  return `tcp://127.0.0.1:${zmqPort}`;
}

/** What `npm install` does in it. */
async function install(folder: string): Promise<void> {
  await mkdir(`${folder}/node_modules`);
  await symlink(root, `${folder}/node_modules/unigate`);
}

const typeCheck = (folder: string): string => spawnSync(`${root}node_modules/.bin/tsc`, ["-p", folder], { encoding: "utf8" }).stdout;

describe("gate init", () => {
  it("--yes writes a project that type-checks, that gate check finds fine, and whose scripts run", async () => {
    const folder = `${await workspace()}/my service`;
    const { code, stdout } = await gate(["init", folder, "--yes"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ written: ["gate.config.ts", "handlers.ts", "tsconfig.json", "package.json"], changed: [] });
    await install(folder);
    expect(typeCheck(folder)).toBe("");
    const { scripts, dependencies, name } = await manifestOf(folder);
    expect(name).toBe("my-service");
    expect(Object.keys(dependencies)).toEqual(["unigate"]);
    const zmq = await onFreePorts(folder);
    expect(await gate(words(scripts["check"]), { cwd: folder })).toMatchObject({ code: 0 });
    for (const script of ["dev", "start"]) {
      const process = new GateProcess(words(scripts[script]), { cwd: folder });
      const [, line = ""] = await process.says(/Try:\n *npx gate (call .*)\n/);
      expect((await gate(line.split(" "), { cwd: folder, env: { NO_COLOR: "1" } })).stdout).toBe('"Hello, world"\n');
      const client = connect(zmq);
      onTestFinished(() => client.close());
      expect(await client.call("greeter.hello", ["Ada"])).toBe("Hello, Ada");
      expect(await client.call("greeter.count", [3])).toEqual([1, 2, 3]);
      process.signal("SIGTERM");
      expect(await process.exit).toBe(0);
    }
  });

  it.each([
    ["npm init writes into an empty folder", '{"name":"x","main":"index.js","type":"commonjs","scripts":{"test":"exit 1"}}'],
    ["npm install writes into an empty folder", '{"dependencies":{}}'],
  ])("makes ES modules of a package.json as %s", async (_, manifest) => {
    const folder = await workspace({ "package.json": manifest });
    await gate(["init", "--yes"], { cwd: folder });
    await install(folder);
    expect((await manifestOf(folder))["type"]).toBe("module");
    expect(typeCheck(folder)).toBe("");
    expect(await gate(words((await manifestOf(folder)).scripts["check"]), { cwd: folder })).toMatchObject({ code: 0 });
  });

  it("beside sources of CommonJS leaves these as they are: its own are .mts, type-check and run", async () => {
    const folder = await workspace({ "package.json": '{"type":"commonjs"}', "index.js": "module.exports = 1;\n" });
    const { stdout } = await gate(["init", "--yes"], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({ written: ["gate.config.mts", "handlers.mts", "tsconfig.json"], changed: ["package.json"] });
    await install(folder);
    expect(typeCheck(folder)).toBe("");
    const { scripts, type } = await manifestOf(folder);
    expect(type).toBe("commonjs");
    const zmq = await onFreePorts(folder, "gate.config.mts");
    expect(await gate(words(scripts["check"]), { cwd: folder })).toMatchObject({ code: 0 });
    const process = new GateProcess(words(scripts["dev"]), { cwd: folder });
    await process.says(/Try:/);
    const client = connect(zmq);
    onTestFinished(() => client.close());
    expect(await client.call("greeter.hello", ["Ada"])).toBe("Hello, Ada");
    process.signal("SIGTERM");
    expect(await process.exit).toBe(0);
  });

  it("a handlers file that package.json makes a CommonJS one is told so, and how it becomes a module", async () => {
    const folder = await workspace({ "package.json": '{"type":"commonjs"}', "handlers.ts": "export const hello = () => 1;\n" });
    const { code, stderr } = await gate(["check", "--worker", "handlers.ts"], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain('set "type": "module" there, or call the file handlers.mts');
    expect(stderr).not.toContain("Warning");
  });

  it("adds to a package.json what it lacks, and keeps what is there", async () => {
    const folder = await workspace({ "package.json": '{"name":"mine","scripts":{"dev":"mine"},"dependencies":{"other":"1.0.0"}}' });
    const { stdout } = await gate(["init", folder, "--yes", "--service", "images"]);
    expect(JSON.parse(stdout)).toMatchObject({ changed: ["package.json"], kept: ["dev"] });
    expect(await manifestOf(folder)).toMatchObject({
      name: "mine",
      scripts: { dev: "mine", start: "gate serve --worker handlers.ts" },
      dependencies: { other: "1.0.0", unigate: expect.stringMatching(/^\^\d/) },
    });
    expect(await readFile(`${folder}/handlers.ts`, "utf8")).toContain('service = "images"');
  });

  it.each(["gate.config.ts", "handlers.ts"])("leaves everything as it is where there is a %s", async (name) => {
    const folder = await workspace({ [name]: "// mine\n" });
    const { code, stdout, stderr } = await gate(["init", folder, "--yes"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`${folder}/${name} is there already`);
    expect(await readdir(folder)).toEqual([name]);
    expect(await readFile(`${folder}/${name}`, "utf8")).toBe("// mine\n");
  });

  it("without a terminal and without --yes says so; a name that is none is refused; nothing is written", async () => {
    const folder = `${await workspace()}/new`;
    for (const [args, reason] of [
      [["init", folder], "`gate init --yes` takes the defaults"],
      [["init", folder, "--yes", "--service", "my service"], 'service name "my service": use letters'],
    ] as const) {
      const { code, stderr } = await gate(args);
      expect(code).toBe(2);
      expect(stderr).toContain(reason);
    }
    expect(existsSync(folder)).toBe(false);
  });
});

describe.skipIf(missing !== undefined)(`gate init in a terminal${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  it("asks for the name and the ways in, and writes what was answered", async () => {
    const folder = await workspace();
    const terminal = new Terminal("init", { cwd: folder, columns: 100, rows: 40 });
    await terminal.shows(/What is your service called\?/);
    terminal.press("im ages", "Enter");
    await terminal.shows(/use letters, digits/);
    terminal.press(...Array.from({ length: 7 }, () => "BSpace"), "images", "Enter");
    await terminal.shows(/How do callers and workers come in\?/);
    terminal.press("Down", "Down", "Space", "Enter");
    await terminal.shows(/npx gate call images\.hello Ada/);
    await terminal.shows(/exit code 0/);
    const config = await readFile(`${folder}/gate.config.ts`, "utf8");
    expect(config).toMatch(/http\({ port: 9000 }\), zmq\(.*\), grpc\({ port: 50051 }\)/);
    await install(folder);
    expect(typeCheck(folder)).toBe("");
  });

  it("with gRPC alone, names the URL under which its gate is found, and its scripts run", async () => {
    const folder = await workspace();
    const terminal = new Terminal("init", { cwd: folder, columns: 100, rows: 40 });
    await terminal.shows(/What is your service called\?/);
    terminal.press("Enter");
    await terminal.shows(/How do callers and workers come in\?/);
    terminal.press("Space", "Down", "Space", "Down", "Space", "Enter");
    await terminal.shows(/greeter\.hello Ada --gate grpc:\/\/127\.0\.0\.1:50051/);
    await install(folder);
    await onFreePorts(folder);
    const process = new GateProcess(words((await manifestOf(folder)).scripts["dev"]), { cwd: folder });
    await process.says(/serving greeter\.hello, greeter\.count at grpc:|serving greeter\.count, greeter\.hello at grpc:/);
  });

  it("writes nothing when the answer is Ctrl-C, and exits with 130", async () => {
    const folder = await workspace();
    const terminal = new Terminal("init", { cwd: folder });
    await terminal.shows(/What is your service called\?/);
    terminal.press("C-c");
    await terminal.shows(/nothing was written(.|\n)*exit code 130/);
    expect(await readdir(folder)).toEqual([]);
  });
});

const words = (script: string | undefined): string[] => (script ?? "").split(" ").slice(1);
