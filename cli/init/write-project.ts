import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { UserError } from "../user-error.ts";
import { type Choices, type Extension, projectFiles, scripts, tsconfig } from "./project.ts";

/** What became of a folder. */
export interface Written {
  folder: string;
  /** Files that are new. */
  written: string[];
  /** Files that were there and have more in them now. */
  changed: string[];
  /** Scripts of package.json that were there already, and stayed. */
  kept: string[];
  /** The one of the handlers. */
  handlers: string;
}

interface Manifest {
  type?: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  [key: string]: unknown;
}

/** Throws a `UserError` that names every file in the way. */
export function refuseToOverwrite(folder: string, choices: Choices): void {
  const names = (["ts", "mts"] as const).flatMap((extension) => Object.keys(projectFiles(choices, extension)));
  const there = names.filter((name) => existsSync(join(folder, name)));
  if (there.length > 0)
    throw new UserError(
      `${there.map((name) => join(folder, name)).join(" and ")} ${there.length === 1 ? "is" : "are"} there already, and nothing was written`,
      "name another folder: gate init my-service",
    );
}

/** Writes a project into a folder. What is there is not overwritten: package.json gets what it lacks. */
export async function writeProject(folder: string, choices: Choices, version: string): Promise<Written> {
  const manifestFile = join(folder, "package.json");
  const before = await readManifest(manifestFile);
  const manifest = before ?? { name: nameOf(folder), private: true };
  const mayChooseType = before === undefined || !(await hasSources(folder));
  const extension: Extension = mayChooseType || manifest.type === "module" ? "ts" : "mts";
  const own = scripts(extension);
  const kept = Object.keys(own).filter((name) => manifest.scripts?.[name] !== undefined);
  const complete: Manifest = {
    ...manifest,
    ...(mayChooseType ? { type: "module" } : {}),
    scripts: { ...own, ...manifest.scripts },
    dependencies: { unigate: `^${version}`, ...manifest.dependencies },
  };
  const files: Record<string, string> = { ...projectFiles(choices, extension) };
  if (!existsSync(join(folder, "tsconfig.json"))) files["tsconfig.json"] = toJson(tsconfig);
  if (before === undefined) files["package.json"] = toJson(complete);
  await mkdir(folder, { recursive: true });
  // A file that came between the look and now is not overwritten either.
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { flag: "wx" });
  if (before !== undefined) await writeFile(manifestFile, toJson(complete));
  return {
    folder,
    written: Object.keys(files),
    changed: before === undefined ? [] : ["package.json"],
    kept,
    handlers: `handlers.${extension}`,
  };
}

/** Tells whether the `type` of package.json means anything to somebody: `npm init` writes one into an empty folder, too. */
async function hasSources(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.some((entry) =>
    entry.isDirectory() ? entry.name !== "node_modules" && !entry.name.startsWith(".") : /\.[cm]?[jt]sx?$/.test(entry.name),
  );
}

async function readManifest(file: string): Promise<Manifest | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(await readFile(file, "utf8")) as Manifest;
  } catch (error) {
    throw new UserError(`${file} is no JSON: ${(error as Error).message}`, "repair it first; nothing was written", { cause: error });
  }
}

/** The folder's name, as npm allows one. */
function nameOf(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "");
  return name === "" ? "my-service" : name;
}

function toJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
