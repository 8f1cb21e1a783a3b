import { styleText } from "node:util";
import { parseConfig } from "unigate/config";
import { type Command, defineCommand, jsonOption } from "../command.ts";
import type { Finding, PromiseFinding } from "../doctor/finding.ts";
import { machineFindings } from "../doctor/machine.ts";
import { portFindings } from "../doctor/ports.ts";
import { promisesOf } from "../doctor/promises.ts";
import { redisFindings } from "../doctor/redis.ts";
import { loadConfig } from "../load/load-config.ts";
import { exitCodes } from "../report-error.ts";

/** `gate doctor`: what stands in the way of a gate here, and what the set-up really guarantees. */
export const doctor: Command = defineCommand({
  name: "doctor",
  summary:
    "Looks at Node.js, ports, limits, clock and Redis, and tells what this set-up really guarantees. Exits with 1 when something is broken.",
  options: {
    config: { type: "string", alias: "c", description: "config file; default ./gate.config.ts, else the embedded one", value: "FILE" },
    ...jsonOption,
  },
  examples: ["gate doctor", "gate doctor -c gate.config.ts --json | jq .promises"],
  async run({ text, output }) {
    const { config, file } = await loadConfig(text("config"));
    const settings = parseConfig(config);
    const [machine, ports, redis] = await Promise.all([machineFindings(), portFindings(settings), redisFindings(settings)]);
    const findings = [...machine, ...ports, ...redis.findings];
    const promises = promisesOf(settings, redis.conditions);
    const isSound = findings.every(({ state }) => state !== "broken");
    output.report(report(file ?? "the embedded default", findings, promises), { file, isSound, findings, promises });
    if (!isSound) process.exitCode = exitCodes.failed;
  },
});

const marks = { good: ["green", "✔"], warning: ["yellow", "!"], broken: ["red", "✖"] } as const;
const holding = { yes: marks.good, limited: marks.warning, no: marks.broken } as const;

function report(config: string, findings: readonly Finding[], promises: readonly PromiseFinding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return [
    `What a gate finds here, with ${config}:`,
    ...findings.flatMap(({ check, state, found, remedy }) => [
      `  ${mark(marks[state])} ${check.padEnd(width)}  ${found}`,
      ...(remedy === undefined || state === "good" ? [] : [`    ${" ".repeat(width)}  → ${remedy}`]),
    ]),
    "",
    "What it promises with this set-up:",
    ...promises.flatMap(({ promise, holds, because }) => [`  ${mark(holding[holds])} ${promise}`, `      ${because}`]),
  ].join("\n");
}

function mark([colour, sign]: (typeof marks)[keyof typeof marks]): string {
  return styleText(colour, sign, { stream: process.stdout });
}
