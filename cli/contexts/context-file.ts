import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { UserError } from "../user-error.ts";

/** A gate under a name. */
export interface NamedGate {
  url: string;
  key?: string;
  /** Commands that change something at the gate refuse. */
  isReadOnly?: boolean;
}

/** What the file holds: the gates, and the one that commands talk to when nobody says. */
export interface Contexts {
  inUse?: string;
  gates: Record<string, NamedGate>;
}

/** Where the file is: `$XDG_CONFIG_HOME/unigate/contexts.json`, else the same under `~/.config`. */
export function contextFile(): string {
  return join(process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "unigate", "contexts.json");
}

/** Reads the file; nothing where there is none. Throws a `UserError` for one that is broken. */
export function readContexts(): Contexts {
  const file = contextFile();
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { gates: {} };
    throw new UserError(`contexts cannot be read: ${(error as Error).message}`, undefined, { cause: error });
  }
  const contexts = parse(text);
  if (contexts === undefined) throw new UserError(`${file} is broken`, "repair it, or remove it and add the contexts again");
  return contexts;
}

/** Replaces the file at once; only its owner may read it, for it holds keys. */
export function writeContexts(contexts: Contexts): void {
  const file = contextFile();
  const next = `${file}.${process.pid}`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(next, `${JSON.stringify(contexts, undefined, 2)}\n`, { mode: 0o600 });
  // The mode above holds for a new file only.
  chmodSync(next, 0o600);
  renameSync(next, file);
}

function parse(text: string): Contexts | undefined {
  try {
    const { inUse, gates } = JSON.parse(text) as Partial<Contexts>;
    const isFine = typeof gates === "object" && gates !== null && Object.values(gates).every(({ url }) => typeof url === "string");
    return isFine ? { gates, ...(typeof inUse === "string" ? { inUse } : {}) } : undefined;
  } catch {
    return undefined;
  }
}
