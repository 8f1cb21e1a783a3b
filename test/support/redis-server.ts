import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { Redis } from "ioredis";

/** A program of Redis, of the folder `$REDIS_BIN` or installed; throws with how to install it where there is none. */
export function redisProgram(name: "redis-server" | "redis-sentinel" | "redis-cli"): string {
  const chosen = process.env["REDIS_BIN"];
  const folders = chosen === undefined ? ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"] : [chosen];
  const program = folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path));
  if (program !== undefined) return program;
  throw new Error(
    `these tests need ${name}; install it: apt-get install redis-server redis-sentinel redis-tools (Debian), brew install redis (macOS)`,
  );
}

/** Resolves with `count` TCP ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

/** Tells whether nobody listens on a TCP port. */
export async function isFreePort(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
  const isFree = await promise;
  server.close();
  return isFree;
}

/** A redis-server of its own, on a port of its own, with its data in a folder that goes with it. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly #args: readonly string[];
  readonly #directory = mkdtempSync(`${tmpdir()}/gate-redis-`);
  #process: ChildProcess | undefined;
  #client: Redis | undefined;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#args = args;
  }

  /** Starts one; `args` are further ones of redis-server. Rejects where it is not installed, and tells how to. */
  static async start(args: readonly string[] = [], port?: number): Promise<RedisServer> {
    const server = new RedisServer(port ?? ((await freePorts(1))[0] as number), args);
    await server.run();
    return server;
  }

  /** For the test's own questions. */
  get client(): Redis {
    // It connects again by itself when a test takes the server away.
    this.#client ??= new Redis(this.port, { maxRetriesPerRequest: null }).on("error", () => {});
    return this.#client;
  }

  /** Starts it again after `kill`, with the data that it had written. */
  async run(): Promise<void> {
    const fixed = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#directory, "--save", ""];
    const child = spawn(redisProgram("redis-server"), [...fixed, "--appendfsync", "always", ...this.#args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (data: Buffer) => {
        said += data.toString();
        if (said.includes("Ready to accept connections")) resolve();
      });
      child.once("exit", () => reject(new Error(`redis-server ended:\n${said}`)));
    });
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** Stops the process without ending it; `SIGCONT` lets it go on. */
  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.disconnect();
    this.signal("SIGCONT");
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
