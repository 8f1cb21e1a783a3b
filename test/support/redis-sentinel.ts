import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { Redis } from "ioredis";
import { eventuallyTrue } from "./eventually.ts";
import { freePorts, redisProgram, RedisServer } from "./redis-server.ts";

/** A master and its replica, and a sentinel that makes the replica master when the master is gone. */
export class RedisSentinel implements AsyncDisposable {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly url: string;

  private constructor(master: RedisServer, replica: RedisServer, port: number) {
    this.master = master;
    this.replica = replica;
    this.url = `redis://127.0.0.1:${port}?sentinel=main`;
    this.#directory = mkdtempSync(`${tmpdir()}/gate-sentinel-`);
    const config = `${this.#directory}/sentinel.conf`;
    writeFileSync(
      config,
      `port ${port}
bind 127.0.0.1
dir ${this.#directory}
sentinel monitor main 127.0.0.1 ${master.port} 1
sentinel down-after-milliseconds main 500
sentinel failover-timeout main 3000
`,
    );
    this.#process = spawn(redisProgram("redis-sentinel"), [config], { stdio: "ignore" });
  }

  /** Starts all three; resolves once the replica could take over. */
  static async start(): Promise<RedisSentinel> {
    const master = await RedisServer.start();
    const replica = await RedisServer.start(["--replicaof", "127.0.0.1", String(master.port)]);
    const sentinel = new RedisSentinel(master, replica, (await freePorts(1))[0] as number);
    await eventuallyTrue("the replica follows", async () => /master_link_status:up/.test(await replica.client.info("replication")));
    await eventuallyTrue("the sentinel knows it", async () => await sentinel.#knowsReplica());
    return sentinel;
  }

  /** Ends the master; resolves once the replica is one. */
  async failOver(): Promise<void> {
    await this.master.kill();
    await eventuallyTrue("the replica takes over", async () => (await this.replica.client.role())[0] === "master", 60_000);
  }

  async #knowsReplica(): Promise<boolean> {
    const client = new Redis(Number(new URL(this.url).port));
    client.on("error", () => {});
    try {
      const reply = (await client.call("SENTINEL", "REPLICAS", "main")) as unknown[];
      return reply.length === 1;
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await gone;
    rmSync(this.#directory, { recursive: true, force: true });
    await this.replica[Symbol.asyncDispose]();
    await this.master[Symbol.asyncDispose]();
  }
}
