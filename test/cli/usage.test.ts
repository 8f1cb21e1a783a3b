import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort, gate, gateCommand, GateProcess } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const config = (rest: string): string =>
  `import { defineConfig } from "unigate"; import { http } from "unigate/http"; import { zmq } from "unigate/zmq";\nexport default defineConfig(${rest});\n`;

describe("the command line", () => {
  it("without arguments, and with --help, lists its commands on stdout", async () => {
    for (const args of [[], ["--help"]]) {
      const { code, stdout } = await gate(args);
      expect(code).toBe(0);
      for (const name of ["serve", "worker", "call", "list", "routes", "workers", "queues", "info", "explain", "check"])
        expect(stdout).toContain(`gate ${name}`);
    }
  });

  it.each(["serve", "worker", "call", "list", "check"])("explains %s with --help", async (command) => {
    const { code, stdout } = await gate([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`gate ${command}`);
  });

  it.each([
    [["cal"], "did you mean `gate call`?"],
    [["help", "wrokers"], "did you mean `gate workers`?"],
    [["keys", "genrate"], "did you mean generate?"],
    [["call"], "TARGET is missing"],
    [["call", "t.x", "--bogus"], "there is no option --bogus"],
    [["call", "t.x", "--timout", "1s"], "did you mean --timeout?"],
    [["call", "t.x", "--timeout", "soon"], "is not a duration"],
    [["call", "t.x", "--gate"], "--gate wants a value"],
    [["list", "extra"], "one argument too many"],
    [["serve", "--log-level", "loud"], "is not one of debug, info, warn, error"],
    [["worker", "examples"], "is a folder"],
    [["call", "t.x", "1", "--args", "[]"], "twice"],
    [["call", "t.x", "--header", "nope"], "key=value"],
    [["list", "--gate", "carrier-pigeon://x"], "tcp://"],
    [["worker", "nowhere.ts"], "does not exist"],
    [["worker", "x.ts", "--concurrency", "many"], "whole number"],
    [["serve", "-c", "nowhere.ts"], "does not exist"],
  ])("%j is wrong usage: exit 2, the reason on stderr, nothing on stdout", async (args, reason) => {
    const { code, stdout, stderr } = await gate(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
  });

  it("--help loads neither a transport nor a parser nor a logger", () => {
    const script = `import { registerHooks } from "node:module"; const seen = []; registerHooks({ load(url, context, next) { seen.push(url); return next(url, context); } }); process.argv.splice(2, 9, "--help"); await import(${JSON.stringify(gateCommand)}); process.stderr.write(seen.join("\\n"));`;
    const { stdout, stderr: seen } = spawnSync(process.execPath, ["--input-type=module", "-e", script, "gate"], { encoding: "utf8" });
    expect(stdout).toContain("gate serve");
    expect(seen).toContain("cli/run.js");
    expect(seen).not.toMatch(/zeromq|fastify|zod|pino|yargs|msgpackr/);
  });

  it("serve loads the libraries of its own doors only", async () => {
    const folder = await workspace({ "gate.config.ts": config(`{ transports: [http({ port: ${await freePort()} })] }`) });
    const telling = `import { registerHooks } from "node:module"; registerHooks({ load(url, context, next) { console.error(url); return next(url, context); } });`;
    const serving = new GateProcess(["serve"], { cwd: folder, nodeArgs: ["--import", `data:text/javascript,${telling}`] });
    await serving.says(/ready in/);
    expect(serving.stderr).toContain("node_modules/fastify/");
    expect(serving.stderr).not.toMatch(/node_modules\/(zeromq|@bufbuild|undici|prom-client|ioredis|ink|react)\//);
  });
});

it("an older Node is told in one line what gate needs, before anything is loaded", () => {
  const older = `data:text/javascript,Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.0" } })`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", older, gateCommand, "serve"], { encoding: "utf8" });
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: "",
    stderr: "gate needs Node.js 22.18 or newer; this is 20.19.0\n",
  });
});

describe("a handlers file that does not load is named with line and reason, and exits with 2", () => {
  it.each([
    ["a syntax error", "export function a() {\n  return {{;\n}\n", /job\.ts:2/],
    ["a missing import", '\nimport "./nowhere.ts";\nexport const a = () => 1;\n', /job\.ts:2: .*nowhere\.ts(.|\n)*2 \| import/],
    ["a missing package", '\nimport x from "not-there";\nexport const a = () => x;\n', /job\.ts:2: .*not-there(.|\n)*install the package/],
    [
      "a type without `type`",
      'import { JobContext } from "unigate/worker";\nexport const a = (job: JobContext) => job;\n',
      /job\.ts:1: .*JobContext(.|\n)*import type/,
    ],
    ["types that cannot be stripped", "enum Colour { red }\nexport const a = () => Colour.red;\n", /enum/],
    ["a throw at load", 'const a = 1;\nthrow new Error("no licence");\nexport { a };\n', /job\.ts:2.*no licence/],
    ["no export", "const a = 1;\nvoid a;\n", /exports no function/],
    [
      "a method with two kinds of input",
      'import { method } from "unigate/worker";\nimport { z } from "zod";\nexport const a = method({ input: z.string(), params: { b: z.string() } } as never, () => 1);\n',
      /both input and params/,
    ],
  ])("%s", async (_, text, reason) => {
    const folder = await workspace({ "job.ts": text });
    const { code, stderr } = await gate(["worker", `${folder}/job.ts`]);
    expect(code).toBe(2);
    expect(stderr).toContain("job.ts");
    expect(stderr).toMatch(reason);
  });
});

it.each([
  [["worker", "job.py"], "handlers file job.py is neither TypeScript nor JavaScript\n  `gate worker --exec ./job.py` serves a program"],
  [["serve", "-c", "gate.json"], "config gate.json is neither TypeScript nor JavaScript\n  write it as gate.config.ts"],
])("%j: a file in another language is refused with 2, and what to do", async (args, reason) => {
  const folder = await workspace({ "job.py": "print(1)\n", "gate.json": "{}\n" });
  const { code, stderr } = await gate(args, { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toContain(reason);
});

describe("a config", () => {
  it("with three mistakes names all three, and opens no port", async () => {
    const port = await freePort();
    const folder = await workspace({
      "gate.config.ts": config(
        `{ transports: [http({ port: ${port}, bodyLimit: "huge" as never })], routes: { "S.*": { timeout: "soon" } }, hartbeat: 1 } as never`,
      ),
    });
    const { code, stderr } = await gate(["serve", "-c", `${folder}/gate.config.ts`]);
    expect(code).toBe(2);
    expect(stderr).toContain("3 faults");
    for (const path of ["transports[0].bodyLimit", 'routes["S.*"].timeout', "hartbeat"]) expect(stderr).toContain(path);
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  });

  it("that names a port in use says which, and what to do", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    onTestFinished(() => void server.close());
    for (const transport of [`http({ port: ${port} })`, `zmq({ bind: "tcp://127.0.0.1:${port}" })`]) {
      const folder = await workspace({ "gate.config.ts": config(`{ transports: [${transport}] }`) });
      const { code, stderr } = await gate(["serve", "-c", `${folder}/gate.config.ts`]);
      expect(code).toBe(2);
      expect(stderr).toContain(String(port));
      expect(stderr).toContain("is in use; stop the other program or");
    }
  });

  it("that is fine is said to be so, with the route of every method", async () => {
    const { code, stdout, stderr } = await gate(["check", "--worker", "examples/01-counter/handlers.ts"]);
    expect(code).toBe(0);
    expect(stderr).toContain("gate.config.ts is fine");
    expect(JSON.parse(stdout)).toMatchObject({
      methods: expect.arrayContaining([
        {
          method: "counter.get",
          route: "counter.*",
          why: "is the longest prefix",
          strategy: "roundRobin",
          http: ["GET /api/counter/:name"],
        },
      ]),
    });
  });
});
