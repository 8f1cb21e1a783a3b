import type { Command, Completes, OptionSpec } from "../command.ts";
import { commands } from "../commands/index.ts";
import { readContexts } from "../contexts/context-file.ts";
import type { Candidate } from "./candidate.ts";
import { targetsOf } from "./targets.ts";

/** What may stand under the cursor: words, names of files, or both. */
export interface Candidates {
  words: Candidate[];
  takesFiles: boolean;
}

const nothing: Candidates = { words: [], takesFiles: false };

/** What may stand in place of the last of `line`, the words after `gate`. Fails never: without an answer, nothing is offered. */
export async function candidatesOf(line: readonly string[]): Promise<Candidates> {
  const [name = "", ...rest] = line;
  if (rest.length === 0) return startingWith(name, commandWords());
  if (name === "help") return startingWith(rest.at(-1) as string, commandWords());
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return entry === undefined ? nothing : await inCommand(await entry.load(), rest);
}

async function inCommand(command: Command, words: readonly string[]): Promise<Candidates> {
  const options = command.options ?? {};
  const { before, option, current, prefix } = readLine(options, words);
  if (option !== undefined) return startingWith(current, await valuesOf(option, words), prefix);
  if (current.startsWith("-") && !before.isAfterDashes) return startingWith(current, optionWords(options, words));
  const specs = command.positionals ?? [];
  const spec = specs[before.positionals] ?? (specs.at(-1)?.isMany === true ? specs.at(-1) : undefined);
  return spec === undefined ? nothing : startingWith(current, await valuesOf({ ...spec, value: spec.name.toUpperCase() }, words));
}

interface Line {
  before: { positionals: number; isAfterDashes: boolean };
  /** The option whose value is under the cursor. */
  option: OptionSpec | undefined;
  current: string;
  /** What stands before the value in the same word: `--context=`. */
  prefix: string;
}

function readLine(options: Readonly<Record<string, OptionSpec>>, words: readonly string[]): Line {
  const find = (word: string): OptionSpec | undefined =>
    Object.entries(options).find(([name, { alias }]) => word === `--${name}` || (alias !== undefined && word === `-${alias}`))?.[1];
  const takesValue = (word: string): OptionSpec | undefined => {
    const spec = find(word);
    return spec?.type === "boolean" ? undefined : spec;
  };
  const before = { positionals: 0, isAfterDashes: false };
  let open: OptionSpec | undefined;
  for (const word of words.slice(0, -1)) {
    // Bash parts `--context=prod` into three words.
    if (word === "=") continue;
    if (open !== undefined) open = undefined;
    else if (before.isAfterDashes || !word.startsWith("-")) before.positionals++;
    else if (word === "--") before.isAfterDashes = true;
    else open = takesValue(word);
  }
  const current = words.at(-1) ?? "";
  if (current === "=" && open !== undefined) return { before, option: open, current: "", prefix: "" };
  const [, name, value] = /^(--[\w-]+)=(.*)$/.exec(current) ?? [];
  const inSameWord = name === undefined || before.isAfterDashes ? undefined : takesValue(name);
  return inSameWord === undefined
    ? { before, option: open, current, prefix: "" }
    : { before, option: inSameWord, current: value as string, prefix: `${name}=` };
}

/** Words, or `files`. */
async function valuesOf(
  spec: { value?: string; choices?: readonly string[]; completes?: Completes },
  words: readonly string[],
): Promise<Candidate[] | "files"> {
  if (spec.choices !== undefined) return spec.choices.map((word) => ({ word, meaning: "" }));
  if (spec.completes === "targets") return await targetsOf(words);
  if (spec.completes === "contexts")
    return Object.entries(readContexts().gates).map(([word, { url, isReadOnly }]) => ({
      word,
      meaning: isReadOnly === true ? `${url}, read-only` : url,
    }));
  return spec.value === "FILE" ? "files" : [];
}

function optionWords(options: Readonly<Record<string, OptionSpec>>, given: readonly string[]): Candidate[] {
  const all = { ...options, help: { type: "boolean", description: "tells more" } as OptionSpec };
  return Object.entries(all)
    .filter(([name, { isMany }]) => isMany === true || !given.slice(0, -1).includes(`--${name}`))
    .map(([name, { description }]) => ({ word: `--${name}`, meaning: description }));
}

function commandWords(): Candidate[] {
  return Object.entries(commands).map(([word, { summary }]) => ({ word, meaning: summary }));
}

function startingWith(current: string, values: Candidate[] | "files", prefix = ""): Candidates {
  if (values === "files") return { words: [], takesFiles: true };
  const words = values.filter(({ word }) => word.startsWith(current)).map(({ word, meaning }) => ({ word: prefix + word, meaning }));
  return { words, takesFiles: false };
}
