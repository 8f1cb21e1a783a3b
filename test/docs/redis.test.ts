import { expect, it } from "vitest";
import { follow } from "../support/page.ts";
import { RedisServer } from "../support/redis-server.ts";

it("docs/redis.md does what it says", { timeout: 60_000 }, async () => {
  await using server = await RedisServer.start();
  process.env["REDIS_URL"] = server.url;
  await follow("docs/redis.md");
  expect(await server.client.xlen("gate:{greeter}:jobs")).toBe(0);
});
