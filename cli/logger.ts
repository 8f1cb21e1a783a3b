import { styleText } from "node:util";
import type { Logger, LogLevel } from "unigate/transport";
import { UserError } from "./user-error.ts";

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Makes the log of a command, on stderr: readable on a terminal, JSON lines elsewhere. `named` is the user's --log-level. */
export async function createLogger(named: string | undefined, fallback: LogLevel): Promise<Logger> {
  const text = named ?? process.env["GATE_LOG"] ?? fallback;
  const level = levels.find((one) => one === text);
  if (level === undefined) throw new UserError(`log level ${JSON.stringify(text)} is not one of ${levels.join(", ")}`);
  return process.stderr.isTTY ? readable(level) : await jsonLines(level);
}

const colours = { debug: "dim", info: "green", warn: "yellow", error: "red" } as const;

function readable(level: LogLevel): Logger {
  const write = (severity: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    if (levels.indexOf(severity) < levels.indexOf(level)) return;
    const details = Object.entries(fields).map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
    const paint = (style: "dim" | (typeof colours)[LogLevel], text: string): string => styleText(style, text, { stream: process.stderr });
    const head = `${paint("dim", new Date().toLocaleTimeString("sv"))} ${paint(colours[severity], severity.padEnd(5))}`;
    process.stderr.write(`${head} ${message}${details.length === 0 ? "" : `  ${paint("dim", details.join("  "))}`}\n`);
  };
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
  };
}

async function jsonLines(level: LogLevel): Promise<Logger> {
  const { pino, destination } = await import("pino");
  const log = pino({ level, redact: ["key", "token", "authorization"] }, destination({ dest: 2, sync: true }));
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
  };
}
