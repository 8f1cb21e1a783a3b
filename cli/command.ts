import type { GateAddress } from "./contexts/gate-address.ts";
import type { Output } from "./output.ts";
import type { ParsedArguments } from "./parsed-arguments.ts";

/** What a shell offers for a value: methods of the running gate, or names of contexts; names of files, where the value is a `FILE`. */
export type Completes = "targets" | "contexts";

/** An option of a command; every one is written `--name`. */
export interface OptionSpec {
  type: "string" | "number" | "boolean";
  description: string;
  alias?: string;
  /** May be given several times. */
  isMany?: boolean;
  /** What the value is called in help. */
  value?: string;
  completes?: Completes;
}

/** A positional argument; the last may take the rest. */
export interface PositionalSpec {
  name: string;
  description: string;
  isRequired?: boolean;
  isMany?: boolean;
  /** The only words that it may be. */
  choices?: readonly string[];
  completes?: Completes;
}

/** What a command gets when it runs. */
export interface CommandContext extends ParsedArguments {
  /** The gate that it talks to, for commands with `gateOptions`. Throws a `UserError` when it was named wrongly. */
  readonly gate: () => GateAddress;
  output: Output;
  /** Aborts on the first Ctrl-C. */
  signal: AbortSignal;
}

/** A command of `gate`, as data. */
export interface Command {
  name: string;
  summary: string;
  positionals?: readonly PositionalSpec[];
  options?: Readonly<Record<string, OptionSpec>>;
  examples?: readonly string[];
  /** Whether it changes something at the gate: then a context that is read-only refuses. Every command with `gateOptions` says it. */
  readonly changesGate?: (given: ParsedArguments) => boolean;
  run(context: CommandContext): Promise<void>;
}

/** Checks the types of a command and returns it unchanged. */
export function defineCommand(command: Command): Command {
  return command;
}

/** Options of every command that talks to a gate. */
export const gateOptions: Readonly<Record<string, OptionSpec>> = {
  key: { type: "string", description: "key of the gate, where it has keys; default $GATE_KEY", value: "KEY" },
  gate: { type: "string", description: "URL of the gate; default $GATE_URL, the context in use, or tcp://127.0.0.1:5555", value: "URL" },
  context: {
    type: "string",
    description: "gate that `gate context` knows under this name; default $GATE_CONTEXT",
    value: "NAME",
    completes: "contexts",
  },
};

/** The option of every command that prints a result. */
export const jsonOption: Readonly<Record<string, OptionSpec>> = {
  json: { type: "boolean", description: "print JSON, also on a terminal" },
};
