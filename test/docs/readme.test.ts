import { execFile } from "node:child_process";
import { cp, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { defaultPorts } from "../support/default-ports.ts";
import { blocksOf, run } from "../support/page.ts";
import { GateProcess } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const root = new URL("../..", import.meta.url).pathname;

async function blocks(page: string, language: string): Promise<string[]> {
  return (await blocksOf(page)).filter((block) => block.language === language).map(({ text }) => text);
}

it("the README's commands and code do what it says, in its order", { timeout: 120_000 }, async () => {
  await defaultPorts();
  const folder = await workspace();
  // The example's own gate, on the ports that the README names.
  const gate = new GateProcess(["serve", "--worker", `${root}examples/01-counter/handlers.ts`], { cwd: folder });
  await gate.says(/npx gate call counter\.increment visitors 2/);
  const [start, calls, worker, test] = await blocks("README.md", "sh");
  expect(start).toBe("npm ci && npm start\n");
  expect(test).toBe("npm ci && npm test\n");
  expect(await run(calls!, folder)).toBe("2\n3");

  const [handlers, client] = await blocks("README.md", "ts");
  await writeFile(`${folder}/my-handlers.ts`, handlers!);
  expect(await run(worker!, folder)).toBe('"Hello, Ada"\n');
  await writeFile(`${folder}/client.ts`, client!);
  expect(await run("node client.ts", folder)).toBe("Hello, Ada\n1\n2\n3\n");
});

it("npx finds the command in a clone, and may run it", { timeout: 60_000 }, async () => {
  const { stdout } = await promisify(execFile)("npx", ["gate", "--version"], { cwd: root });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it("the first example's commands do what its page says", { timeout: 120_000 }, async () => {
  await defaultPorts();
  const folder = await workspace();
  await cp(`${root}examples`, `${folder}/examples`, { recursive: true });
  const [serve, calls] = await blocks("examples/01-counter/README.md", "sh");
  expect(serve).toBe("npx gate serve --worker examples/01-counter/handlers.ts\n");
  const gate = new GateProcess(["serve", "--worker", "examples/01-counter/handlers.ts"], { cwd: folder });
  await gate.says(/ready in/);
  onTestFinished(() => gate.kill());
  expect(await run(calls!, folder)).toBe("2\n3\n44");
  await expect(run("npx gate call counter.increment visitors lots", folder)).rejects.toThrow(
    "counter.increment: amount: Invalid input: expected number, received string",
  );
});
