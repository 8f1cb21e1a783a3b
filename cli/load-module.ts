import { existsSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "./user-error.ts";

/** Loads a TypeScript or JavaScript file; Node strips the types. Throws a `UserError` with file, line and reason. */
export async function loadModule(file: string, what: string, query = ""): Promise<Readonly<Record<string, unknown>>> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UserError(`${what} ${file} does not exist`, `looked for ${path}`);
  try {
    return (await import(`${pathToFileURL(path).href}${query}`)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new UserError(`${what} ${file} does not load: ${reason(error, path)}`, nextStep(error), { cause: error });
  }
}

/** The name of a file without folder and extension: what its service is called when nobody says. */
export function nameOf(file: string): string {
  return basename(file, extname(file));
}

function reason(error: unknown, path: string): string {
  if (!(error instanceof Error)) return String(error);
  const place = placeOf(error, path);
  return `${place === undefined ? "" : `${place}: `}${error.message.split("\n")[0] ?? ""}`;
}

/** `file:line` from the head of a SyntaxError's stack, or from the first frame in the user's own files. */
function placeOf(error: Error, path: string): string | undefined {
  const lines = (error.stack ?? "").split("\n");
  const [, headFile, headLine] = /^(?:file:\/\/)?(\/[^\s:]+):(\d+)$/.exec(lines[0] ?? "") ?? [];
  if (headFile !== undefined) return `${headFile}:${headLine}`;
  for (const line of lines) {
    const [, file, number, column] = /(?:file:\/\/|\(|at )(\/[^\s()]+?):(\d+):(\d+)\)?$/.exec(line) ?? [];
    if (file !== undefined && (file.startsWith(path) || !file.includes("node_modules")) && !file.includes("/dist/"))
      return `${file.replace(/\?.*/, "")}:${number}:${column}`;
  }
  return undefined;
}

function nextStep(error: unknown): string | undefined {
  const code = (error as { code?: string } | undefined)?.code;
  if (code === "ERR_MODULE_NOT_FOUND") return "check the path of the import (with its extension, `./x.ts`) or install the package";
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return "Node strips types but compiles nothing: replace enum, namespace and parameter properties";
  return undefined;
}
