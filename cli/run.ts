import type { Command } from "./command.ts";
import { commands } from "./commands/index.ts";
import { commandHelp, generalHelp } from "./help.ts";
import type { GateAddress } from "./contexts/gate-address.ts";
import { createOutput } from "./output.ts";
import { exitCodes, reportError } from "./report-error.ts";
import { UserError } from "./user-error.ts";
import { version } from "./version.ts";

const helpWords: ReadonlySet<string | undefined> = new Set([undefined, "help", "--help", "-h"]);

/** Runs the command line; sets the exit code, or exits with it when something is wrong. */
export async function run(argv: readonly string[]): Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever read us has seen enough: `gate list | head`.
    if (error.code === "EPIPE") process.exit(exitCodes.done);
    throw error;
  });
  // A gate does not end because nobody reads its log any more.
  process.stderr.on("error", () => {});
  try {
    await dispatch(argv);
  } catch (error) {
    // Handlers that were loaded may have left timers behind.
    process.exit(await reportError(error));
  }
}

async function dispatch([name, ...rest]: readonly string[]): Promise<void> {
  const { print } = createOutput(false);
  if (name === "--version" || name === "-v") return print(`${version()}\n`);
  if (helpWords.has(name)) return print(rest[0] === undefined ? generalHelp(version()) : commandHelp(await load(rest[0])));
  const command = await load(name as string);
  if (asksForHelp(rest)) return print(commandHelp(command));
  await execute(command, rest);
}

async function load(name: string): Promise<Command> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry !== undefined) return await entry.load();
  const { suggest } = await import("./suggest.ts");
  throw new UserError(
    `there is no command ${JSON.stringify(name)}`,
    suggest(name, Object.keys(commands), (closest) => `\`gate ${closest}\``, "`gate --help` lists them"),
  );
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

async function execute(command: Command, argv: readonly string[]): Promise<void> {
  // Loaded only for a command that runs.
  const [{ parse }, { gateAddress, refuseReadOnly }] = await Promise.all([import("./parse.ts"), import("./contexts/gate-address.ts")]);
  const parsed = await parse(command, argv);
  const gate = (): GateAddress => gateAddress(parsed);
  if (command.changesGate?.(parsed) === true) refuseReadOnly(command.name, gate());
  const interrupted = new AbortController();
  const onInterrupt = (): void => interrupted.abort();
  process.once("SIGINT", onInterrupt);
  try {
    await command.run({ ...parsed, gate, output: createOutput(parsed.isSet("json")), signal: interrupted.signal });
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    process.exitCode = exitCodes.interrupted;
  } finally {
    process.removeListener("SIGINT", onInterrupt);
  }
}
