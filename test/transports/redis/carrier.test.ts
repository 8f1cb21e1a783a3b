import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { connector, redis } from "unigate/redis";
import { exerciseTransport } from "../../exercise/transport/index.ts";
import { dial, dialAsWorker } from "../../support/dial.ts";
import { RedisServer } from "../../support/redis-server.ts";

let server: RedisServer;
beforeAll(async () => void (server = await RedisServer.start()));
afterAll(() => server[Symbol.asyncDispose]());

exerciseTransport("redis links", {
  transports: () => [redis({ url: server.url, prefix: randomUUID(), delivery: "push" })],
  opener: (gate) => dial(connector, gate),
  capabilities: { cuts: true },
});

exerciseTransport("redis streams", {
  transports: () => [redis({ url: server.url, prefix: randomUUID() })],
  opener: (gate) => dial(connector, gate),
  workerOpener: (gate) => dialAsWorker(connector, gate),
  capabilities: { cuts: true, queues: { skip: "jobs wait in Redis; delivery.test.ts has the same" } },
});
