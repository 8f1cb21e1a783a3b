import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, startProgram } from "../process.ts";
import { figure, type Section, verdict } from "../report.ts";
import { spreadOf } from "../statistics.ts";
import type { Plan } from "./stacks.ts";

const command = new URL("../../../dist/cli/main.js", import.meta.url).pathname;
const config = new URL("../contenders/gate/gate.config.ts", import.meta.url).pathname;

/** What a person waits for: help, a gate that is ready; and what an idle gate holds. */
export async function measureStart({ rounds }: Plan): Promise<Section[]> {
  const help: number[] = [];
  const ready: number[] = [];
  const resident: number[] = [];
  for (let turn = -1; turn < rounds; turn++) {
    const helpAt = performance.now();
    execFileSync(process.execPath, [command, "--help"], { stdio: "ignore" });
    const helpMs = performance.now() - helpAt;
    const readyAt = performance.now();
    const gate = await startProgram(process.execPath, [command, "serve", "-c", config, "--log-level", "error"], /ready in/, {
      ZMQ_PORT: await freePort(),
      HTTP_PORT: await freePort(),
    });
    const readyMs = performance.now() - readyAt;
    await sleep(1000);
    const megabytes = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${gate.pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
    gate.kill("SIGKILL");
    if (turn < 0) continue;
    help.push(helpMs);
    ready.push(readyMs);
    resident.push(megabytes);
  }
  const row = (what: string, values: number[], unit: string, limit: number): string[] => {
    const { median, least, most } = spreadOf(values);
    return [what, `${figure(median)} ${unit} (${figure(least)}–${figure(most)})`, verdict(median <= limit, `≤ ${limit} ${unit}`)];
  };
  return [
    {
      title: "The command",
      note: "Wall time from the start of the process; resident memory one second after the start, from /proc.",
      headings: ["what", "measured", "target"],
      rows: [
        row("`gate --help`", help, "ms", 150),
        row("`gate serve` ready", ready, "ms", 600),
        row("idle gate, resident", resident, "MB", 120),
      ],
    },
  ];
}
