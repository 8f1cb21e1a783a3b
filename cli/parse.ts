import yargs, { type Options } from "yargs";
import type { Command, CommandContext, PositionalSpec } from "./command.ts";
import { UserError } from "./user-error.ts";

type Parsed = Pick<CommandContext, "text" | "texts" | "number" | "isSet">;

/** Reads the arguments of a command; undefined when they asked for help, which has been printed. The only file that knows yargs. */
export async function parse(command: Command, argv: readonly string[]): Promise<Parsed | undefined> {
  let isHelp = false;
  const positionals = command.positionals ?? [];
  const parser = yargs()
    .scriptName(`gate ${command.name}`)
    .command(["$0", ...positionals.map(usage)].join(" "), command.summary, (builder) => {
      for (const { name, description, isMany } of positionals)
        builder.positional(name, { type: "string", describe: description, ...(isMany === true ? { array: true } : {}) });
      return builder;
    })
    .options(Object.fromEntries(Object.entries(command.options ?? {}).map(([name, spec]) => [name, toYargs(spec)])))
    .example((command.examples ?? []).map((example): [string] => [example]))
    .parserConfiguration({
      "parse-positional-numbers": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "boolean-negation": false,
      "greedy-arrays": false,
    })
    .strict()
    .version(false)
    .help()
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UserError(message.replaceAll("\n", "; "), `\`gate ${command.name} --help\` shows its usage`);
    });
  const values: Record<string, unknown> = await parser.parseAsync([...argv], {}, (_error, _argv, output) => {
    if (output === "") return;
    isHelp = true;
    process.stdout.write(`${output}\n`);
  });
  if (isHelp) return undefined;
  for (const [name, { type }] of Object.entries(command.options ?? {})) if (type === "number") toNumber(name, values[name]);
  return {
    text: (name) => toTexts(values[name]).at(-1),
    texts: (name) => toTexts(values[name]),
    number: (name) => toNumber(name, values[name]),
    isSet: (name) => values[name] === true,
  };
}

function usage({ name, isRequired, isMany }: PositionalSpec): string {
  const inner = isMany === true ? `${name}..` : name;
  return isRequired === true ? `<${inner}>` : `[${inner}]`;
}

function toYargs(spec: NonNullable<Command["options"]>[string]): Options {
  const option: Options = { type: spec.type === "number" ? "string" : spec.type, describe: spec.description };
  if (spec.type !== "boolean") option.requiresArg = true;
  if (spec.alias !== undefined) option.alias = spec.alias;
  if (spec.isMany === true) option.array = true;
  return option;
}

/** What yargs gives for one or several values, as texts. */
function toTexts(value: unknown): string[] {
  return value === undefined ? [] : [value].flat().map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
}

function toNumber(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new UserError(`--${name} ${JSON.stringify(value)} is not a whole number from 1`);
  return number;
}
