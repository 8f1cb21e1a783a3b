import type { Command, OptionSpec } from "./command.ts";
import { commands } from "./commands/index.ts";

/** The help of `gate` itself. */
export function generalHelp(version: string): string {
  const lines = columns(Object.entries(commands).map(([name, { summary }]) => [`gate ${name}`, summary]));
  return `gate ${version}: one gateway for services that speak different transports

${lines}

\`gate COMMAND --help\` tells more. Start with: gate serve
`;
}

/** The help of one command, from its record. */
export function commandHelp(command: Command): string {
  const { positionals = [], options = {}, examples = [] } = command;
  const sections = [
    `${usageOf(command)}\n\n${command.summary}\n`,
    section(
      "Arguments",
      positionals.map(({ name, description }) => [name.toUpperCase(), description]),
    ),
    section(
      "Options",
      Object.entries(options).map(([name, spec]) => [flag(name, spec), spec.description]),
    ),
    section(
      "Examples",
      examples.map((example) => [example]),
    ),
  ];
  return sections.filter((text) => text !== "").join("\n");
}

/** `gate call TARGET [ARGUMENT…] [options]`. */
export function usageOf({ name, positionals = [], options }: Command): string {
  const words = positionals.map((one) => {
    const word = `${one.name.toUpperCase()}${one.isMany === true ? "…" : ""}`;
    return one.isRequired === true ? word : `[${word}]`;
  });
  return ["gate", name, ...words, ...(options === undefined ? [] : ["[options]"])].join(" ");
}

function flag(name: string, { alias, value, isMany }: OptionSpec): string {
  const short = alias === undefined ? "    " : `-${alias}, `;
  return `${short}--${name}${value === undefined ? "" : ` ${value}`}${isMany === true ? "…" : ""}`;
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? "" : `${title}:\n${columns(rows)}\n`;
}

function columns(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([first = ""]) => first.length));
  return rows.map(([first = "", ...rest]) => `  ${first.padEnd(width)}  ${rest.join("")}`.trimEnd()).join("\n");
}
