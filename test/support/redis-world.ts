import { type Client, type ClientOptions, connect, createWorker, type ServiceDefinition, type Worker, type WorkerOptions } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import type { GateConfig } from "unigate";
import { redis, type RedisOptions } from "unigate/redis";
import { RedisServer } from "./redis-server.ts";
import { memory } from "./memory.ts";

/** A Redis with the gates, workers and callers of one test, all closed at the end. */
export class RedisWorld implements AsyncDisposable {
  readonly server: RedisServer;
  readonly #address: string;
  /** A short one, so that losses show soon. */
  #heartbeat = "100ms";
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(server: RedisServer, url: string) {
    this.server = server;
    this.#address = url;
  }

  /** `args` are further ones of redis-server; `through` names another way to it. */
  static async create(args: readonly string[] = [], through?: (server: RedisServer) => Promise<string>): Promise<RedisWorld> {
    const server = await RedisServer.start(args);
    return new RedisWorld(server, (await through?.(server)) ?? server.url);
  }

  /** On several servers that are run together; `server` is the one that `world.server` names. */
  static on(servers: AsyncDisposable & { url: string }, server: RedisServer): RedisWorld {
    const world = new RedisWorld(server, servers.url);
    world.#closers.push(async () => await servers[Symbol.asyncDispose]());
    return world;
  }

  /** What everybody is given. */
  get url(): string {
    return `${this.#address}${this.#address.includes("?") ? "&" : "?"}heartbeat=${this.#heartbeat}`;
  }

  /** Sets the period of the beats of all that come from now on. */
  heartbeat(period: string): void {
    this.#heartbeat = period;
  }

  async gate(options: Partial<RedisOptions> = {}, config: Partial<GateConfig> = {}): Promise<Gate> {
    const gate = createGate({ settle: 0, ...config, transports: [redis({ url: this.url, heartbeat: this.#heartbeat, ...options })] });
    this.#closers.unshift(() => gate.close());
    await gate.start();
    return gate;
  }

  async worker(services: ServiceDefinition | ServiceDefinition[], options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const worker = createWorker({ services: [services].flat(), gate: this.url, ...options });
    this.#closers.unshift(() => worker.close());
    await worker.start();
    return worker;
  }

  async client(options: Partial<ClientOptions> = {}): Promise<Client> {
    const client = connect(this.url, options);
    this.#closers.unshift(() => client.close());
    await client.ready();
    return client;
  }

  /** A client beside `gate`, which needs no Redis to reach it. */
  async clientOf(gate: Gate): Promise<Client> {
    const client = connect("tcp://unused:1", {
      open: () => Promise.resolve(memory(gate)),
    });
    this.#closers.unshift(() => client.close());
    await client.ready();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) await close();
    await this.server[Symbol.asyncDispose]();
  }
}
