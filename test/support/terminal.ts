import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import { eventuallyTrue } from "./eventually.ts";
import { gateCommand } from "./processes.ts";

/** Why tests in a real terminal are skipped here; undefined where tmux is installed. */
export const missing: string | undefined = hasTmux() ? undefined : "tmux is not installed; .ci/run installs it";

/** What a terminal before a person does not have in its environment: a CI's marks turn colours off. */
const plain = ["env", ...["CI", "NO_COLOR", "FORCE_COLOR", "NODE_OPTIONS"].flatMap((name) => ["-u", name])];

interface TerminalOptions {
  columns?: number;
  rows?: number;
  nodeArgs?: string;
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  /** Runs instead of `gate`. */
  program?: string;
}

/** A real terminal, in tmux, in which `gate` runs; it is closed when the test ends. */
export class Terminal {
  readonly #socket = `gate-test-${randomBytes(4).toString("hex")}`;

  constructor(args: string, { columns = 100, rows = 30, nodeArgs = "", cwd = process.cwd(), env = {}, program }: TerminalOptions = {}) {
    // The shell outlives a Ctrl-C, to tell the exit code.
    const line = program ?? `${process.execPath} ${nodeArgs} ${gateCommand} ${args}`;
    const command = `trap : INT; echo before; ${line}; echo "exit code $?"; exec cat`;
    const size = ["-x", String(columns), "-y", String(rows), "-c", cwd];
    this.#tmux(
      "-f",
      "/dev/null",
      "new-session",
      "-d",
      ...size,
      ...plain,
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      "sh",
      "-c",
      command,
    );
    onTestFinished(() => void this.#tmux("kill-server"));
  }

  /** What stands on the screen. */
  get screen(): string {
    return this.#tmux("capture-pane", "-p");
  }

  /** The screen with its escape sequences. */
  get styled(): string {
    return this.#tmux("capture-pane", "-p", "-e");
  }

  /** Whether the alternate screen is shown, and whether the cursor is. */
  get modes(): { isAlternate: boolean; hasCursor: boolean } {
    const [alternate, cursor] = this.#tmux("display", "-p", "#{alternate_on} #{cursor_flag}").trim().split(" ");
    return { isAlternate: alternate === "1", hasCursor: cursor === "1" };
  }

  /** Presses keys, named as tmux names them. */
  press(...keys: string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** The process of `gate` in this terminal. */
  get pid(): number {
    const shell = this.#tmux("display", "-p", "#{pane_pid}").trim();
    return Number(execFileSync("pgrep", ["-P", shell, "-f", "main.js"], { encoding: "utf8" }).trim().split("\n")[0]);
  }

  /** Resolves once the screen matches; rejects with the screen as it is when it does not within 15 s. */
  async shows(pattern: RegExp): Promise<void> {
    try {
      await eventuallyTrue(`the screen shows ${pattern}`, () => pattern.test(this.screen), 15_000);
    } catch (error) {
      throw new Error(`${(error as Error).message}; it shows\n${this.screen}`, { cause: error });
    }
  }

  #tmux(...args: string[]): string {
    return execFileSync("tmux", ["-L", this.#socket, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  }
}

function hasTmux(): boolean {
  try {
    execFileSync("tmux", ["-V"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
