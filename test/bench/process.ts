import { type ChildProcess, fork, spawn } from "node:child_process";
import { createServer } from "node:net";
import type { Round, RoundRequest } from "./load.ts";

const running = new Set<ChildProcess>();

/** Starts a script of the bench; resolves once it has sent `ready`. */
export async function startScript(script: string, env: Record<string, string | number>): Promise<ChildProcess> {
  const child = fork(new URL(script, import.meta.url).pathname, [], {
    env: { ...process.env, ...texts(env) },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  running.add(child);
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code) => reject(new Error(`${script} ended with ${code} before it was ready`)));
  });
  return child;
}

/** Starts a program; resolves once its stderr or stdout matches. */
export async function startProgram(
  command: string,
  args: readonly string[],
  ready: RegExp,
  env: Record<string, string | number> = {},
): Promise<ChildProcess> {
  const child = spawn(command, args, { env: { ...process.env, ...texts(env) }, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let said = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        said += data.toString();
        if (ready.test(said)) resolve();
      });
    }
    child.once("exit", (code) => reject(new Error(`${command} ended with ${code}: ${said}`)));
  });
  return child;
}

/** Asks a client process for one round; rejects when a call of it failed: such a round counts for nothing. */
export function askRound(client: ChildProcess, request: RoundRequest): Promise<Round> {
  return new Promise((resolve, reject) => {
    client.once("message", (round: Round) => {
      if (round.errors > 0) reject(new Error(`${round.errors} calls failed, the first with: ${round.firstError}`));
      else resolve(round);
    });
    client.send(request);
  });
}

/** Ends everything that was started. */
export async function stopAll(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      return gone;
    }),
  );
  running.clear();
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function texts(env: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([key, value]) => [key, String(value)]));
}
