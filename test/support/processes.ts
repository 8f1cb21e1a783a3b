import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { onTestFinished } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
/** The built command. */
export const gateCommand: string = `${root}dist/cli/main.js`;

/** A process of `gate`, with everything it has said. */
export class GateProcess {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  /** Resolves with the exit code; the signal's name when one ended it. */
  readonly exit: Promise<number | string>;
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], options: { input?: string; env?: Record<string, string>; cwd?: string; nodeArgs?: string[] } = {}) {
    const { input, env = {}, cwd = root, nodeArgs = [] } = options;
    this.child = spawn(process.execPath, [...nodeArgs, gateCommand, ...args], {
      cwd,
      env: { ...process.env, GATE_LOG: "warn", NODE_OPTIONS: "", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child.stdin?.end(input);
    this.child.stdout?.on("data", (data: Buffer) => {
      this.stdout += data.toString();
      for (const watcher of this.#watchers) watcher();
    });
    this.child.stderr?.on("data", (data: Buffer) => {
      this.stderr += data.toString();
      for (const watcher of this.#watchers) watcher();
    });
    this.exit = new Promise((resolve) => this.child.once("close", (code, signal) => resolve(code ?? signal ?? -1)));
    onTestFinished(() => this.kill());
  }

  /** Resolves once stdout or stderr matches; rejects with all that was said after `timeoutMs`. */
  async says(pattern: RegExp, timeoutMs = 15_000): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const fail = (why: string): void =>
      reject(new Error(`${why} before it said ${pattern}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`));
    const look = (): void => {
      const match = pattern.exec(this.stderr) ?? pattern.exec(this.stdout);
      if (match !== null) resolve(match);
    };
    const timer = setTimeout(() => fail("time passed"), timeoutMs);
    this.#watchers.add(look);
    void this.exit.then(() => (look(), fail("it ended")));
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#watchers.delete(look);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Ends it at once and for sure; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.exit;
  }
}

/** Runs `gate` to its end. */
export async function gate(
  args: readonly string[],
  options: ConstructorParameters<typeof GateProcess>[1] = {},
): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const process = new GateProcess(args, options);
  const code = await process.exit;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A running gate with a ZeroMQ and an HTTP port. */
export interface RunningGate {
  process: GateProcess;
  zmq: string;
  http: string;
}

/** Starts `gate serve` on free ports, or on those of an earlier one, with more config, and more options of its HTTP door, as source text. */
export async function startGate(folder: string, config = "", ports?: RunningGate, httpOptions = ""): Promise<RunningGate> {
  const { writeFile } = await import("node:fs/promises");
  const [zmqPort, httpPort] =
    ports === undefined ? [await freePort(), await freePort()] : [Number(new URL(ports.zmq).port), Number(new URL(ports.http).port)];
  const file = `${folder}/gate.config.ts`;
  await writeFile(
    file,
    `import { defineConfig, fifo } from "unigate";\nimport { http } from "unigate/http";\nimport { zmq } from "unigate/zmq";\nvoid fifo;\n` +
      `export default defineConfig({ transports: [http({ port: ${httpPort}, ${httpOptions} }), zmq({ bind: "tcp://127.0.0.1:${zmqPort}" })], ${config} });\n`,
  );
  const process = new GateProcess(["serve", "-c", file]);
  await process.says(/ready in/);
  return { process, zmq: `tcp://127.0.0.1:${zmqPort}`, http: `http://127.0.0.1:${httpPort}` };
}
