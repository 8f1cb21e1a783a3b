import { cp } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { defaultPorts } from "../support/default-ports.ts";
import { blocksOf, run } from "../support/page.ts";
import { GateProcess } from "../support/processes.ts";
import { workspace } from "../support/workspace.ts";

const root = new URL("../..", import.meta.url).pathname;

it("the sixth example's commands show the jobs that it counts", { timeout: 120_000 }, async () => {
  await defaultPorts();
  const folder = await workspace();
  await cp(`${root}examples`, `${folder}/examples`, { recursive: true });
  const [serve, calls] = (await blocksOf("examples/06-metrics/README.md")).map(({ text }) => text);
  const gate = new GateProcess(serve!.trim().split(" ").slice(2), { cwd: folder });
  await gate.says(/ready in/);
  onTestFinished(() => gate.kill());
  const printed = await run(calls!, folder);
  expect(printed).toMatch(/^2\n/);
  expect(printed).toContain('gate_jobs_total{route="counter.increment",code="ok"} 1');
});
