import { type ChildProcess, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { eventuallyTrue } from "./eventually.ts";
import { freePort } from "./processes.ts";

/** A program that answers HTTP on a port of its own. */
export interface ServingProcess {
  child: ChildProcess;
  url: string;
  /** Resolves with the exit code; the signal's name when one ended it. */
  exit: Promise<number | string>;
}

/** Starts a program that listens on `port`, given to `args` and as `$PORT`; killed when the test is over. */
export async function serving(program: string, args: (port: number) => readonly string[], cwd: string): Promise<ServingProcess> {
  const port = await freePort();
  const child = spawn(program, [...args(port)], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: "", PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const exit = new Promise<number | string>((resolve) => child.once("close", (code, signal) => resolve(code ?? signal ?? -1)));
  const url = `http://127.0.0.1:${port}`;
  await eventuallyTrue(
    `${program} answers`,
    async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`);
      return fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    15_000,
  );
  return { child, url, exit };
}
