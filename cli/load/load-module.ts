import { statSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { explainLoadError } from "./load-fault.ts";
import { UserError } from "../user-error.ts";

/** Loads a TypeScript or JavaScript file; Node strips the types. Throws a `UserError` with file, line and reason. */
export async function loadModule(file: string, what: string, query = ""): Promise<Readonly<Record<string, unknown>>> {
  const path = resolve(file);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UserError(`${what} ${file} does not exist`, `looked for ${path}`);
  if (!stats.isFile()) throw new UserError(`${what} ${file} is a folder`, "name the file in it");
  if (!/\.[cm]?[jt]s$/.test(file)) throw new UserError(`${what} ${file} is neither TypeScript nor JavaScript`, otherFile(file, what));
  leaveOutWarnings();
  try {
    return (await import(`${pathToFileURL(path).href}${query}`)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const { reason, next } = explainLoadError(error, path);
    throw new UserError(`${what} ${file} does not load: ${reason}`, next, { cause: error });
  }
}

function otherFile(file: string, what: string): string {
  if (what === "config") return "write it as gate.config.ts";
  return `\`gate worker --exec ${file.includes("/") ? file : `./${file}`}\` serves a program in any language`;
}

/** The name of a file without folder and extension: what its service is called when nobody says. */
export function nameOf(file: string): string {
  return basename(file, extname(file));
}

let hasLeftOut = false;

/** Keeps Node from remarking on users' files: that it strips types, what a package.json says of modules, and how else to say it. */
function leaveOutWarnings(): void {
  if (hasLeftOut) return;
  hasLeftOut = true;
  const listeners = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning: Error & { code?: string }) => {
    const isOurs = warning.code === "MODULE_TYPELESS_PACKAGE_JSON" || /type stripping|^Failed to load the ES module/i.test(warning.message);
    if (!isOurs) for (const listener of listeners) listener(warning);
  });
}
