import yargs, { type Options } from "yargs";
import type { Command, OptionSpec, PositionalSpec } from "./command.ts";
import type { ParsedArguments } from "./parsed-arguments.ts";
import { usageOf } from "./help.ts";
import { suggest } from "./suggest.ts";
import { UserError } from "./user-error.ts";

/** Reads the arguments of a command; throws a `UserError` that names the wrong one. The only file that knows yargs. */
export async function parse(command: Command, argv: readonly string[]): Promise<ParsedArguments> {
  const options = command.options ?? {};
  const next = `usage: ${usageOf(command)}; \`gate ${command.name} --help\` tells more`;
  const values: Record<string, unknown> = await yargs()
    .version(false)
    .help(false)
    .options(Object.fromEntries(Object.entries(options).map(([name, spec]) => [name, toYargs(spec)])))
    .parserConfiguration({
      "parse-positional-numbers": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "boolean-negation": false,
      "greedy-arrays": false,
      "strip-aliased": true,
      "populate--": true,
    })
    .exitProcess(false)
    .fail((message, error) => {
      // What the parser finds comes as one or the other.
      const text = error === undefined ? message : error.message;
      throw new UserError(text.replace(/^Not enough arguments following: (.*)$/, "--$1 wants a value"), next);
    })
    .parseAsync([...argv]);
  checkOptions(options, values, next);
  // What follows `--` is never an option: `gate call text.echo -- --help`.
  const given = [...toTexts(values["_"]), ...toTexts(values["--"])];
  const positionals = assign(command.positionals ?? [], given, next);
  return {
    text: (name) => (positionals[name] ?? toTexts(values[name])).at(-1),
    texts: (name) => positionals[name] ?? toTexts(values[name]),
    number: (name) => toNumber(name, toTexts(values[name]).at(-1), next),
    isSet: (name) => values[name] === true,
  };
}

function checkOptions(options: Readonly<Record<string, OptionSpec>>, values: Record<string, unknown>, next: string): void {
  for (const name of Object.keys(values)) {
    if (name === "_" || name === "$0" || name === "--" || Object.hasOwn(options, name)) continue;
    const dashes = name.length === 1 ? "-" : "--";
    throw new UserError(
      `there is no option ${dashes}${name}`,
      suggest(name, Object.keys(options), (closest) => `--${closest}`, next),
    );
  }
  for (const [name, { type }] of Object.entries(options)) if (type === "number") toNumber(name, toTexts(values[name]).at(-1), next);
}

function assign(specs: readonly PositionalSpec[], given: readonly string[], next: string): Record<string, string[]> {
  const assigned: Record<string, string[]> = {};
  let at = 0;
  for (const { name, isMany, isRequired, choices } of specs) {
    const values = isMany === true ? given.slice(at) : given.slice(at, at + 1);
    if (isRequired === true && values.length === 0) throw new UserError(`${name.toUpperCase()} is missing`, next);
    if (choices !== undefined) for (const value of values) checkChoice(value, choices);
    assigned[name] = values;
    at += values.length;
  }
  if (at < given.length) throw new UserError(`${JSON.stringify(given[at])} is one argument too many`, next);
  return assigned;
}

function checkChoice(value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new UserError(
    `${JSON.stringify(value)} is not one of ${choices.join(", ")}`,
    suggest(value, choices, (closest) => closest, `write ${choices.join(" or ")}`),
  );
}

function toYargs(spec: OptionSpec): Options {
  const option: Options = { type: spec.type === "boolean" ? "boolean" : "string" };
  if (spec.type !== "boolean") option.requiresArg = true;
  if (spec.alias !== undefined) option.alias = spec.alias;
  if (spec.isMany === true) option.array = true;
  return option;
}

/** What yargs gives for one or several values, as texts. */
function toTexts(value: unknown): string[] {
  return value === undefined ? [] : [value].flat().map(String);
}

function toNumber(name: string, text: string | undefined, next: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new UserError(`--${name} ${JSON.stringify(text)} is not a whole number from 1`, next);
  return number;
}
