/** The workers of `gate dev`: a process for each file, whose lines carry its name in a colour of its own. */
import { relative } from "node:path";
import { styleText } from "node:util";
import { gateEnvironment } from "../contexts/gate-address.ts";
import { nameOf } from "../load/load-module.ts";
import { reloadOnChange } from "../supervise/reload-on-change.ts";
import { Supervisor } from "../supervise/supervisor.ts";

/** What the workers serve, and where they join. */
export interface DevOptions {
  files: readonly string[];
  /** URL and key of the gate. */
  gate: string;
  key: string;
  /** The gate's config file: its changes are no concern of a worker. */
  config: string | undefined;
  isTraced: boolean;
  readonly note: (text: string) => void;
}

/** Running workers. */
export interface DevWorkers {
  /** Resolves once each has come up for the first time, or has said why it cannot. */
  readonly settled: Promise<void>;
  drain(): Promise<void>;
  /** Ends them at once. */
  kill(): void;
}

const colours = ["cyan", "magenta", "yellow", "green", "blue"] as const;

/** Starts a worker for each file, and anew whenever a source changes; one that ends by itself is started again. */
export function startDevWorkers({ files, gate, key, config, isTraced, note }: DevOptions): DevWorkers {
  const names = labelsOf(files);
  const width = Math.max(...names.map((name) => name.length));
  const workers = files.map((file, at) => {
    const name = names[at] as string;
    const head = styleText(colours[at % colours.length] as (typeof colours)[number], `${name.padEnd(width)} │`, { stream: process.stderr });
    const line = (text: string): void => note(`${head} ${text}`);
    const supervisor = new Supervisor({
      count: 1,
      graceMs: 30_000,
      note: line,
      line,
      title: () => "the worker",
      env: { ...gateEnvironment({ url: gate, key }), ...colourOfChildren() },
      argv: () => ["worker", `--id=${name}`, ...(isTraced ? ["--trace"] : []), "--", file],
    });
    const unwatch = reloadOnChange(supervisor, { files: [file], note: line, ...(config === undefined ? {} : { except: config }) });
    // What is wrong has been said; a change starts it again.
    const settled = supervisor.start().catch(() => line("waiting for a change"));
    return { supervisor, unwatch, settled };
  });
  return {
    settled: Promise.all(workers.map(({ settled }) => settled)).then(() => {}),
    async drain() {
      for (const { unwatch } of workers) unwatch();
      await Promise.all(workers.map(({ supervisor }) => supervisor.stop()));
    },
    kill() {
      for (const { unwatch, supervisor } of workers) {
        unwatch();
        supervisor.kill();
      }
    },
  };
}

/** The file's name without folder and extension; its path where two have the same. */
function labelsOf(files: readonly string[]): string[] {
  const names = files.map(nameOf);
  return names.map((name, at) => (names.filter((other) => other === name).length === 1 ? name : relative("", files[at] as string)));
}

/** Its lines end on our terminal, which the process cannot see. */
function colourOfChildren(): Readonly<Record<string, string>> {
  return process.stderr.isTTY && process.stderr.hasColors() && process.env["NO_COLOR"] === undefined ? { FORCE_COLOR: "1" } : {};
}
