import { it, onTestFinished, vi } from "vitest";
import { follow } from "../support/page.ts";
import { RedisServer } from "../support/redis-server.ts";

it("whoever follows docs/serverless.md gets what it says, with a Redis for its second half", { timeout: 60_000 }, async () => {
  const redis = await RedisServer.start();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  vi.stubEnv("REDIS_URL", redis.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  await follow("docs/serverless.md");
});
