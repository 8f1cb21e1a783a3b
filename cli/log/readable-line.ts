import { styleText } from "node:util";
import type { LogLevel } from "unigate/transport";

const colours = { debug: "dim", info: "green", warn: "yellow", error: "red" } as const;

/** A line for people: time, level, message, fields. What a caller chose cannot steer the terminal, nor pass for a line of its own. */
export function readableLine(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): string {
  const details = Object.entries(fields).map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const head = `${paint("dim", new Date().toLocaleTimeString("sv"))} ${paint(colours[level], level.padEnd(5))}`;
  return `${head} ${harmless(message)}${details.length === 0 ? "" : `  ${paint("dim", harmless(details.join("  ")))}`}\n`;
}

function paint(style: "dim" | (typeof colours)[LogLevel], text: string): string {
  return styleText(style, text, { stream: process.stderr });
}

/** Control characters as JSON writes them; a new line is indented under its first. */
function harmless(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (control) =>
    control === "\n" ? "\n      " : `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
