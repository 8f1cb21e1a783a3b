import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** What kept a file from loading, with its place, and what to do about it. */
export interface LoadFault {
  reason: string;
  next: string | undefined;
}

interface Place {
  file: string;
  line: number;
}

/** Finds the place of an error that `import()` of the file at `path` threw: Node names it in one way per kind of error. */
export function explainLoadError(error: unknown, path: string): LoadFault {
  if (!(error instanceof Error)) return { reason: `it threw ${JSON.stringify(error)}`, next: undefined };
  const message = error.message.split("\n")[0] ?? "";
  const place = placeOfImport(message) ?? placeInHead(error) ?? placeInFrames(error, path);
  const name = /^(Error|SyntaxError)$/.test(error.name) ? "" : `${error.name}: `;
  const reason = place === undefined ? `${name}${message}` : `${place.file}:${place.line}: ${name}${message}${sourceOf(place)}`;
  return { reason, next: nextStep(error, message, path) };
}

/** `Cannot find module 'x' imported from /y`: Node names the file that imports, not the line. */
function placeOfImport(message: string): Place | undefined {
  const [, wanted = "", from] = /^Cannot find (?:module|package) '([^']+)' imported from (.+)$/.exec(message) ?? [];
  if (from === undefined) return undefined;
  const file = toPath(from);
  // A path is spelled relatively in the source; its last part is the same.
  const last = wanted.slice(wanted.startsWith("/") ? wanted.lastIndexOf("/") + 1 : 0);
  const at = linesOf(file).findIndex((line) => /\b(import|from)\b/.test(line) && line.includes(last));
  return at < 0 ? undefined : { file, line: at + 1 };
}

/** A SyntaxError's stack begins with `file:line` and the source. */
function placeInHead(error: Error): Place | undefined {
  const [, file, line] = /^((?:file:\/\/)?\/[^\n]+?):(\d+)\n/.exec(error.stack ?? "") ?? [];
  return file === undefined ? undefined : { file: toPath(file), line: Number(line) };
}

/** The first frame in the user's own files. */
function placeInFrames(error: Error, path: string): Place | undefined {
  for (const frame of (error.stack ?? "").split("\n")) {
    const [, url, line] = /(?:\(|at )((?:file:\/\/)?\/[^\s()]+?):(\d+):\d+\)?$/.exec(frame) ?? [];
    if (url === undefined) continue;
    const file = toPath(url);
    if (file === path || !/\/(node_modules|dist)\//.test(file)) return { file, line: Number(line) };
  }
  return undefined;
}

function toPath(text: string): string {
  const [file = text] = text.split("?");
  return file.startsWith("file://") ? fileURLToPath(file) : file;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}

function sourceOf({ file, line }: Place): string {
  const source = linesOf(file)[line - 1]?.trim() ?? "";
  return source === "" ? "" : `\n  ${line} | ${source.length > 120 ? `${source.slice(0, 119)}…` : source}`;
}

/** Words of Node for a file that package.json makes a CommonJS one. */
const isOfCommonJs = /Cannot use import statement outside a module|Unexpected token 'export'/;

function nextStep(error: Error, message: string, path: string): string | undefined {
  const { code } = error as { code?: string };
  if (code === "ERR_MODULE_NOT_FOUND")
    return message.startsWith("Cannot find package")
      ? "install the package, or check its name"
      : "check the path of the import; it needs its extension, such as `./x.ts`";
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return "Node strips types but compiles nothing: replace enum, namespace and parameter properties";
  if (isOfCommonJs.test(message)) {
    const name = basename(path).replace(/\.([jt]s)$/, ".m$1");
    return `package.json says that it is no ES module: set "type": "module" there, or call the file ${name}`;
  }
  if (message.includes("does not provide an export named")) return "check the name; a type is imported with `import type`";
  return undefined;
}
