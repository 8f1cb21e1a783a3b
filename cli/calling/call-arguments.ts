/** What `gate call` and `gate bench` are given: arguments, metadata, a time limit. */
import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { parseDuration } from "unigate/transport";
import type { CommandContext, OptionSpec } from "../command.ts";
import { UserError } from "../user-error.ts";

/** What is sent with a call. */
export interface CallArguments {
  args: unknown[];
  metadata: Record<string, string[]>;
  /** In ms; 0 leaves it to the route. */
  timeout: number;
}

/** The options of a command that calls. */
export const callOptions: Readonly<Record<"args" | "timeout" | "header", OptionSpec>> = {
  args: {
    type: "string",
    description: "all arguments at once: a JSON array is positional, anything else one argument; @file and - read it",
    value: "JSON",
  },
  timeout: { type: "string", description: "give up after this time, such as 30s; default that of the route", value: "TIME" },
  header: { type: "string", description: "metadata for the handler; may be given several times", isMany: true, value: "KEY=VALUE" },
};

/** Reads what the command line says of a call. Throws a `UserError` that names the wrong part. */
export async function callArguments({ text, texts }: CommandContext): Promise<CallArguments> {
  return {
    args: await readArguments(texts("arg"), text("args")),
    metadata: parseHeaders(texts("header")),
    timeout: text("timeout") === undefined ? 0 : durationOf("timeout", text("timeout") as string),
  };
}

/** The time that an option names, in ms. Throws a `UserError`. */
export function durationOf(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new UserError(`--${option} ${JSON.stringify(text)} is not a duration`, 'write one such as "30s"');
  return ms;
}

async function readArguments(given: readonly string[], all: string | undefined): Promise<unknown[]> {
  if (all === undefined) return given.map(parseValue);
  if (given.length > 0) throw new UserError("arguments were given twice: after the target and with --args", "keep one of them");
  const value = parseValue(await readText(all));
  return Array.isArray(value) ? value : [value];
}

async function readText(source: string): Promise<string> {
  if (source === "-") return await readAll(process.stdin);
  if (!source.startsWith("@")) return source;
  try {
    return await readFile(source.slice(1), "utf8");
  } catch (error) {
    throw new UserError(`--args ${source} cannot be read: ${(error as Error).message}`, undefined, { cause: error });
  }
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function parseHeaders(headers: readonly string[]): Record<string, string[]> {
  const metadata: Record<string, string[]> = {};
  for (const header of headers) {
    const equals = header.indexOf("=");
    if (equals < 1) throw new UserError(`--header ${JSON.stringify(header)} is not key=value`);
    (metadata[header.slice(0, equals)] ??= []).push(header.slice(equals + 1));
  }
  return metadata;
}
