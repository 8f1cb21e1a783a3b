import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { httpTool } from "./http-load.ts";
import { findProgram } from "./programs.ts";
import type { Plan } from "./rounds.ts";

const project = new URL("../../node_modules/", import.meta.url).pathname;
const peers = new URL("node_modules/", import.meta.url).pathname;

/** One paragraph that says what made the figures: machine, versions, plan. No names or paths of the machine. */
export function describeRun({ rounds, seconds }: Plan, busyAtStart: number): string {
  const versions = [
    ...["zeromq", "fastify"].map((name) => installed(project, name)),
    ...["moleculer", "moleculer-web", "nats", "@fastify/http-proxy"].map((name) => installed(peers, name)),
    natsServer(),
  ].filter((version) => version !== "");
  return (
    `Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores (${cpus()[0]?.model.trim()}), ` +
    `Node.js ${process.version}; ${versions.join(", ")}; HTTP by ${httpTool}. ` +
    `${rounds} rounds of ${seconds} s each, the contenders in turns; figures are medians (least–most). ` +
    `Load average of the machine before the run: ${busyAtStart.toFixed(1)}. Machines differ and are noisy: compare the ratios.`
  );
}

/** How busy the machine is by itself. */
export function loadBefore(): number {
  return loadavg()[0] ?? 0;
}

function installed(folder: string, name: string): string {
  const file = `${folder}${name}/package.json`;
  if (!existsSync(file)) return "";
  return `${name} ${(JSON.parse(readFileSync(file, "utf8")) as { version: string }).version}`;
}

function natsServer(): string {
  const program = findProgram("nats-server");
  if (program === undefined) return "";
  const version = /v([\d.]+)/.exec(execFileSync(program, ["--version"], { encoding: "utf8" }))?.[1];
  return `nats-server ${version}`;
}
