import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { eventuallyTrue } from "./eventually.ts";
import { freePorts, redisProgram, RedisServer } from "./redis-server.ts";

/** A cluster of three masters, each with a third of the slots. */
export class RedisCluster implements AsyncDisposable {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  static async start(): Promise<RedisCluster> {
    const ports = await freePorts(6);
    const nodes: RedisServer[] = [];
    for (const port of ports.slice(0, 3)) {
      const bus = String(ports[nodes.length + 3]);
      const args = ["--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "1000", "--appendonly", "yes"];
      nodes.push(await RedisServer.start(args, port));
    }
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await promisify(execFile)(redisProgram("redis-cli"), ["--cluster", "create", ...addresses, "--cluster-yes"]);
    for (const { client } of nodes)
      await eventuallyTrue("the cluster is whole", async () => /cluster_state:ok/.test(await client.cluster("INFO")));
    return new RedisCluster(nodes);
  }

  get url(): string {
    const [first, ...others] = this.nodes as [RedisServer, ...RedisServer[]];
    return `${first.url}?cluster=true${others.map(({ port }) => `&node=127.0.0.1:${port}`).join("")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node[Symbol.asyncDispose]();
  }
}
