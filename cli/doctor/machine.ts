import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Finding } from "./finding.ts";

/** Fewer open files than this are too few for a gate with many links. */
const enoughFiles = 4096;

/** What the machine and its Node.js bring along. */
export async function machineFindings(): Promise<Finding[]> {
  return [{ check: "Node.js", state: "good", found: process.versions.node }, await openFiles(), await clock()];
}

/** Node raises the limit as far as it may, so that ours is the gate's. */
async function openFiles(): Promise<Finding> {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const limit = /^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? (await firstLine("sh", ["-c", "ulimit -n"]));
  const check = "open files";
  if (limit === undefined) return { check, state: "good", found: "the limit is not known here" };
  if (limit === "unlimited" || Number(limit) >= enoughFiles) return { check, state: "good", found: `at most ${limit}` };
  return {
    check,
    state: "warning",
    found: `at most ${limit}, one for each link; further ones are refused`,
    remedy: `raise it: ulimit -n ${enoughFiles * 16}, or LimitNOFILE= of the service`,
  };
}

async function clock(): Promise<Finding> {
  const isSet = await firstLine("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
  const what = "deadlines do without it, times in logs and of kept jobs do not";
  if (isSet === "no")
    return { check: "clock", state: "warning", found: `nobody sets it; ${what}`, remedy: "turn NTP on: timedatectl set-ntp true" };
  return {
    check: "clock",
    state: "good",
    found: isSet === "yes" ? `set by NTP; ${what}` : `nobody here knows whether NTP sets it; ${what}`,
  };
}

async function firstLine(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: 2000 });
    return stdout.split("\n")[0]?.trim() || undefined;
  } catch {
    return undefined;
  }
}
