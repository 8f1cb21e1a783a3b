import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { eventuallyTrue } from "./eventually.ts";
import { isFreePort, redisProgram, RedisServer } from "./redis-server.ts";

/** A cluster of three masters, each with a third of the slots; with replicas, one each. */
export class RedisCluster implements AsyncDisposable {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  static async start(replicas: 0 | 1 = 0): Promise<RedisCluster> {
    const count = 3 + 3 * replicas;
    const nodes: RedisServer[] = [];
    for (const port of await portsWithBus(count)) {
      const args = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--appendonly", "yes"];
      nodes.push(await RedisServer.start(args, port));
    }
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await promisify(execFile)(redisProgram("redis-cli"), [
      "--cluster",
      "create",
      ...addresses,
      "--cluster-replicas",
      String(replicas),
      "--cluster-yes",
    ]);
    for (const { client } of nodes)
      await eventuallyTrue("the cluster is whole", async () => /cluster_state:ok/.test(await client.cluster("INFO")));
    for (const { client } of nodes.slice(3))
      await eventuallyTrue("a replica follows", async () => /master_link_status:up/.test(await client.info("replication")));
    return new RedisCluster(nodes);
  }

  get url(): string {
    const [first, ...others] = this.nodes as [RedisServer, ...RedisServer[]];
    return `${first.url}?cluster=true${others.map(({ port }) => `&node=127.0.0.1:${port}`).join("")}`;
  }

  /** Who has a key: a master, and its replica once the other nodes have heard of it. */
  async holdersOf(key: string): Promise<{ master: RedisServer; replica: RedisServer }> {
    const [{ client }] = this.nodes as [RedisServer];
    const slot = await client.cluster("KEYSLOT", key);
    let holders: (RedisServer | undefined)[] = [];
    await eventuallyTrue("a master and its replica are known", async () => {
      const ranges = await client.cluster("SLOTS");
      const [, , ...known] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? [0, 0];
      holders = known.map(([, port]) => this.nodes.find((node) => node.port === port));
      return holders.length === 2;
    });
    const [master, replica] = holders as [RedisServer, RedisServer];
    return { master, replica };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node[Symbol.asyncDispose]();
  }
}

/** Resolves with ports that are free now, and 10 000 above each too, where Redis 6.2 wants to talk to the other nodes. */
async function portsWithBus(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = 20_000 + (process.pid % 200) * 10; ports.length < count; port++)
    if ((await isFreePort(port)) && (await isFreePort(port + 10_000))) ports.push(port);
  return ports;
}
