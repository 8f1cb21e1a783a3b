import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { command, startGate } from "../contenders/gate/stack.ts";
import { hasProc, residentMegabytes } from "../proc.ts";
import { range, type Section } from "../report.ts";
import type { Plan } from "../rounds.ts";
import { spreadOf } from "../statistics.ts";
import { type Target, targets, verdict } from "../targets.ts";

/** What a person waits for (help, a gate that is ready), and what an idle gate holds. */
export async function measureStart({ rounds }: Plan): Promise<Section[]> {
  const help: number[] = [];
  const ready: number[] = [];
  const idle: number[] = [];
  // The first turn only fills the caches of the file system.
  for (let turn = -1; turn < rounds; turn++) {
    const helpAt = performance.now();
    execFileSync(process.execPath, [command, "--help"], { stdio: "ignore" });
    const helpMs = performance.now() - helpAt;
    const readyAt = performance.now();
    const { gate } = await startGate();
    const readyMs = performance.now() - readyAt;
    await sleep(1000);
    const megabytes = hasProc ? [residentMegabytes(gate.pid)] : [];
    await gate.stop();
    if (turn < 0) continue;
    help.push(helpMs);
    ready.push(readyMs);
    idle.push(...megabytes);
  }
  const row = (what: string, values: readonly number[], target: Target): string[] => {
    const spread = spreadOf(values);
    return [what, range(spread, target.unit), verdict(spread?.median, target)];
  };
  return [
    {
      title: "The command",
      note: "Wall time from the start of the process, with the HTTP and ZeroMQ doors; resident memory one second after ready, from /proc.",
      headings: ["what", "measured", "target"],
      rows: [
        row("`gate --help`", help, targets.help),
        row("`gate serve` ready", ready, targets.ready),
        row("idle gate, resident", idle, targets.idle),
      ],
      remarks: hasProc ? [] : ["Memory was skipped: this system has no /proc."],
    },
  ];
}
