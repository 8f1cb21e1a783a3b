import { createRequire } from "node:module";
import { closestName } from "unigate/transport";
import type { Command } from "./command.ts";
import { commands } from "./commands/index.ts";
import { createOutput } from "./output.ts";
import { exitCodes, reportError } from "./report-error.ts";
import { UserError } from "./user-error.ts";

/** Runs the command line and sets the exit code. */
export async function run(argv: readonly string[]): Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever read us has seen enough: `gate list | head`.
    if (error.code === "EPIPE") process.exit(exitCodes.done);
    throw error;
  });
  try {
    await dispatch(argv);
  } catch (error) {
    process.exitCode = reportError(error);
  }
}

async function dispatch([name, ...rest]: readonly string[]): Promise<void> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") return void process.stdout.write(help());
  if (name === "--version" || name === "-v") return void process.stdout.write(`${version()}\n`);
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) {
    const closest = closestName(name, Object.keys(commands));
    throw new UserError(
      `there is no command ${JSON.stringify(name)}`,
      closest === undefined ? "`gate --help` lists them" : `did you mean \`gate ${closest}\`?`,
    );
  }
  await execute(await entry.load(), rest);
}

async function execute(command: Command, argv: readonly string[]): Promise<void> {
  // The parser is loaded only for a command that runs.
  const { parse } = await import("./parse.ts");
  const parsed = await parse(command, argv);
  if (parsed === undefined) return;
  const interrupted = new AbortController();
  const onInterrupt = (): void => interrupted.abort();
  process.once("SIGINT", onInterrupt);
  try {
    await command.run({ ...parsed, output: createOutput(parsed.isSet("json")), signal: interrupted.signal });
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    process.exitCode = exitCodes.interrupted;
  } finally {
    process.removeListener("SIGINT", onInterrupt);
  }
}

function help(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  gate ${name.padEnd(width)}  ${summary}`);
  return `gate ${version()}: one gateway for services that speak different transports\n\n${lines.join("\n")}\n\n\`gate COMMAND --help\` tells more. Start with: gate serve\n`;
}

function version(): string {
  return (createRequire(import.meta.url)("unigate/package.json") as { version: string }).version;
}
