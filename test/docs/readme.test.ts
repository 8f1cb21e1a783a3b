import { execFile } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { GateProcess } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const root = new URL("../..", import.meta.url).pathname;
const readme = await readFile(`${root}README.md`, "utf8");
const example = await readFile(`${root}examples/01-counter/README.md`, "utf8");

/** The code blocks of a page, in order. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1] as string);
}

/** Runs lines in a shell in which `npx gate` is the built command. */
function shell(lines: string, cwd: string): Promise<string> {
  const script = lines.replaceAll("npx gate", `${process.execPath} ${root}dist/cli/main.js`);
  return new Promise((resolve, reject) => {
    execFile("bash", ["-c", `set -e\n${script}`], { cwd, env: { ...process.env, NODE_OPTIONS: "" } }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stderr}`)),
    );
  });
}

it("the README's commands and code do what it says, in its order", async () => {
  const folder = await workspace();
  // The example's own gate, on the ports that the README names.
  const gate = new GateProcess(["serve", "--worker", `${root}examples/01-counter/handlers.ts`], { cwd: folder });
  await gate.says(/npx gate call counter\.increment visitors 2/);
  const [start, calls, worker, test] = blocks(readme, "sh");
  expect(start).toBe("npm ci && npm start\n");
  expect(test).toBe("npm ci && npm test\n");
  expect(await shell(calls!, folder)).toBe("2\n3");

  const [handlers, client] = blocks(readme, "ts");
  await writeFile(`${folder}/my-handlers.ts`, handlers!);
  const [serve, call] = worker!.trim().split("\n");
  expect(serve).toBe("npx gate worker ./my-handlers.ts &");
  const served = new GateProcess(["worker", "./my-handlers.ts"], { cwd: folder });
  await served.says(/serving my-handlers\.hello, my-handlers\.count|serving my-handlers\.count, my-handlers\.hello/);
  expect(await shell(call!, folder)).toBe('"Hello, Ada"\n');
  await writeFile(`${folder}/client.ts`, client!);
  expect(await shell(`${process.execPath} client.ts`, folder)).toBe("Hello, Ada\n1\n2\n3\n");
});

it("the first example's commands do what its page says", async () => {
  const folder = await workspace();
  await cp(`${root}examples`, `${folder}/examples`, { recursive: true });
  const [serve, calls] = blocks(example, "sh");
  expect(serve).toBe("npx gate serve --worker examples/01-counter/handlers.ts\n");
  const gate = new GateProcess(["serve", "--worker", "examples/01-counter/handlers.ts"], { cwd: folder });
  await gate.says(/ready in/);
  onTestFinished(() => gate.kill());
  expect(await shell(calls!, folder)).toBe("2\n3\n44");
  await expect(shell("npx gate call counter.increment visitors lots", folder)).rejects.toThrow(
    "counter.increment: amount: Invalid input: expected number, received string",
  );
});
