import { type Client, type ClientOptions, connect, createWorker, type ServiceDefinition, type Worker, type WorkerOptions } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import type { GateConfig } from "unigate";
import { redis, type RedisOptions } from "unigate/redis";
import { RedisServer } from "../../support/redis-server.ts";

/** A Redis with the gates, workers and callers of one test, all closed at the end. */
export class RedisWorld implements AsyncDisposable {
  readonly server: RedisServer;
  /** What everybody is given; a short heartbeat, so that losses show soon. */
  readonly url: string;
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(server: RedisServer) {
    this.server = server;
    this.url = `${server.url}?heartbeat=100ms`;
  }

  static async create(args: readonly string[] = []): Promise<RedisWorld> {
    return new RedisWorld(await RedisServer.start(args));
  }

  async gate(options: Partial<RedisOptions> = {}, config: Partial<GateConfig> = {}): Promise<Gate> {
    const gate = createGate({ settle: 0, ...config, transports: [redis({ url: this.url, heartbeat: 100, ...options })] });
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

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) await close();
    await this.server[Symbol.asyncDispose]();
  }
}
