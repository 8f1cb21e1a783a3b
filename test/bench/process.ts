import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

/** A process that the harness has started, and that has said it is ready. */
export interface Program {
  readonly pid: number;
  /** Writes one line to it and gives back the next line that it prints; rejects when it ends or takes too long. */
  ask(line: string, withinMs: number): Promise<string>;
  /** Ends it at once; resolves when it is gone. */
  stop(): Promise<void>;
}

/** How to start a program, and how it looks when it is ready. */
export interface Start {
  /** Node.js itself unless named. */
  command?: string;
  args: readonly string[];
  /** A line of its output that means ready; the bench's own scripts print `ready`. */
  ready?: RegExp;
  env?: Readonly<Record<string, string | number>>;
}

const running = new Set<ChildProcess>();
const readyWithinMs = 30_000;
const folder = new URL(".", import.meta.url).pathname;

// Nothing may outlive the harness, however it ends.
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => process.exit(status));
}

/** Starts a script of the bench, named from the bench's folder. */
export function startScript(script: string, env: Readonly<Record<string, string | number>>): Promise<Program> {
  return start({ args: [`${folder}${script}`], env });
}

/** Starts a program; resolves once a line of its output says that it is ready. */
export async function start({ command = process.execPath, args, ready = /^ready$/, env = {} }: Start): Promise<Program> {
  const texts = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, String(value)]));
  const child = spawn(command, args, { env: { ...process.env, ...texts }, stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  // Its end is heard by "exit"; a write to a process that has just ended must not end the harness too.
  child.stdin.on("error", () => {});
  let said: string[] = [];
  const gone = new Promise<void>((resolve) => {
    child.once("error", (error) => said.push(error.message));
    child.once("close", () => {
      running.delete(child);
      resolve();
    });
  });
  const failure = (): Error =>
    new Error(`${args[0]?.split("/").at(-1)} ended with ${child.exitCode ?? child.signalCode}: ${said.join("\n")}`);
  const out = createInterface({ input: child.stdout });
  const err = createInterface({ input: child.stderr });
  const isReady = new Promise<string>((resolve) => {
    for (const stream of [out, err]) {
      stream.on("line", (line) => {
        said = [...said.slice(-20), line];
        if (ready.test(line)) resolve(line);
      });
    }
  });
  await within(isReady, readyWithinMs, "was not ready");

  return {
    pid: child.pid ?? 0,
    async ask(line, withinMs) {
      const answer = new Promise<string>((resolve) => out.once("line", resolve));
      child.stdin.write(`${line}\n`);
      try {
        return await within(answer, withinMs, "did not answer");
      } catch (error) {
        // A late answer would be taken for that of the next question.
        child.kill("SIGKILL");
        throw error;
      }
    },
    async stop() {
      // Not asked politely: what is measured is over, and a slow goodbye would weigh on the next case.
      child.kill("SIGKILL");
      await gone;
    },
  };

  async function within<T>(wanted: Promise<T>, limitMs: number, what: string): Promise<T> {
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`${args[0]?.split("/").at(-1)} ${what} within ${limitMs} ms: ${said.join("\n")}`)),
      limitMs,
    );
    const ended = gone.then(() => Promise.reject(failure()));
    ended.catch(() => {});
    try {
      return await Promise.race([wanted, tooLate, ended]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Ends everything that was started. */
export async function stopAll(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const gone = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await gone;
    }),
  );
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
