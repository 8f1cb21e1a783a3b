import { existsSync, readFileSync } from "node:fs";

/** Whether this system tells about processes in /proc. */
export const hasProc: boolean = existsSync("/proc/self/status");

/** Megabytes of memory that a process holds. */
export function residentMegabytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Processor seconds that a process has used, to a hundredth. */
export function cpuSeconds(pid: number): number {
  const line = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name of the program comes second, in brackets, and may hold spaces: count from its end.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
