/** Runs before the tests: Redis is here, or is installed where that is allowed; otherwise they do not begin. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { redisProgram } from "./redis-server.ts";

const programs = ["redis-server", "redis-sentinel", "redis-cli"] as const;
const packages = ["redis-server", "redis-sentinel", "redis-tools"];

/** What to do about the first program that is missing; undefined when none is. */
function remedy(): string | undefined {
  try {
    for (const program of programs) redisProgram(program);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

function install(): void {
  process.stderr.write(`installing ${packages.join(", ")} for the tests\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...packages]])
    spawnSync("/usr/bin/apt-get", ["-q", ...args], { env, stdio: ["ignore", "ignore", "inherit"] });
}

if (remedy() !== undefined && mayInstall()) install();
const missing = remedy();
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`);
  process.exitCode = 1;
}
