import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { onTestFinished } from "vitest";
import { defaultPorts } from "./default-ports.ts";
import { workspace } from "./workspace.ts";

const root = new URL("../..", import.meta.url).pathname;

/** A fenced block of a page. */
export interface Block {
  language: string;
  text: string;
}

/** The fenced blocks of a page, in order. */
export async function blocksOf(page: string): Promise<Block[]> {
  const text = await readFile(`${root}${page}`, "utf8");
  return [...text.matchAll(/^```(\w*)[^\n]*\n(.*?)^```/gms)].map(([, language = "", block = ""]) => ({ language, text: block }));
}

/**
 * Does what a page says, from its first block to its last, in a new folder and on the default ports.
 *
 * A block whose first line is a comment with a file's name becomes that file. `sh` blocks run; a line that ends in `&` stays in the
 * background, and is waited for until it says that it is ready. A `text` or `json` block after one is what it prints, `…` standing for
 * anything. Every TypeScript file is type-checked at the end. Anything else in a fence fails: it would be code that nobody has run.
 */
export async function follow(page: string): Promise<void> {
  await defaultPorts();
  const folder = await workspace();
  const sources: string[] = [];
  let printed: string | undefined;
  for (const { language, text } of await blocksOf(page)) {
    const file = /^(?:\/\/|#|<!--) ([\w./-]+\.\w+)\b/.exec(text)?.[1];
    if (file !== undefined) {
      await mkdir(dirname(`${folder}/${file}`), { recursive: true });
      await writeFile(`${folder}/${file}`, text);
      if (/\.tsx?$/.test(file)) sources.push(file);
    } else if (language === "sh") printed = await run(text, folder);
    else if ((language === "text" || language === "json") && printed !== undefined) expectPrinted(page, printed, text);
    else throw new Error(`${page}: a block of ${language || "no language"} that is neither a file, nor run, nor printed:\n${text}`);
  }
  if (sources.length > 0) await typeCheck(folder, sources);
}

/** Runs lines in a shell in which `npx gate` is the built command. */
export async function run(lines: string, folder: string): Promise<string> {
  let printed = "";
  let script = "";
  for (const line of lines.replaceAll("\\\n", "").split("\n")) {
    if (!line.endsWith(" &")) {
      script += `${line}\n`;
      continue;
    }
    printed += await shell(script, folder);
    script = "";
    await background(line.slice(0, -2), folder);
  }
  return printed + (await shell(script, folder));
}

const gate = `gate() { "${process.execPath}" "${root}dist/cli/main.js" "$@"; }\nnpx() { "$@"; }\nnode() { "${process.execPath}" "$@"; }\n`;

function shell(script: string, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("bash", ["-c", `set -e\n${gate}${script}`], { cwd, env: environment(cwd) }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stdout}\n${stderr}`)),
    );
  });
}

/** Starts a command that stays, and waits until it is ready; it is ended with the test. */
async function background(line: string, cwd: string): Promise<void> {
  // A group of its own, so that nothing that it started outlives the test.
  const child = spawn("bash", ["-c", `${gate}${line}`], { cwd, env: environment(cwd), detached: true, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => endGroup(child));
  let said = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`${line} did not say that it is ready: ${said}`)), 15_000);
  const hear = (data: Buffer): void => {
    said += data.toString();
    if (/ready in|serving |exposing |listening|publish/.test(said)) resolve();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  child.once("exit", (code) => reject(new Error(`${line} ended with ${code}: ${said}`)));
  await promise.finally(() => clearTimeout(timer));
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("close", resolve));
  process.kill(-child.pid, "SIGTERM");
  const timer = setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), 3000);
  await gone;
  clearTimeout(timer);
}

function environment(cwd: string): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: "", GATE_LOG: "warn", NO_COLOR: "1", XDG_CONFIG_HOME: `${cwd}/.config` };
}

function expectPrinted(page: string, printed: string, expected: string): void {
  const pattern = expected
    .trim()
    .split("…")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join("[^]*?");
  if (!new RegExp(`^${pattern}$`).test(printed.trim())) throw new Error(`${page} promises\n${expected}\nbut what comes is\n${printed}`);
}

function typeCheck(folder: string, sources: readonly string[]): Promise<void> {
  const options =
    "--ignoreConfig --noEmit --strict --target es2024 --module nodenext --allowImportingTsExtensions --skipLibCheck --types node".split(
      " ",
    );
  return new Promise((resolve, reject) => {
    execFile(`${root}node_modules/.bin/tsc`, [...options, ...sources], { cwd: folder }, (error, stdout) =>
      error === null ? resolve() : reject(new Error(stdout)),
    );
  });
}
