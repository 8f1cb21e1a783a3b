import { defineService } from "unigate";
import { it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { RedisWorld } from "../../support/redis-world.ts";
import { ScriptedSentinel } from "../../support/scripted-sentinel.ts";

it("a failover that a sentinel tells of while everybody asks it for the master leaves nobody behind", async () => {
  const server = await RedisServer.start();
  const sentinel = await ScriptedSentinel.start(server.port);
  await using world = RedisWorld.on(
    {
      url: sentinel.url,
      async [Symbol.asyncDispose]() {
        await sentinel[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      },
    },
    server,
  );
  const gate = await world.gate();
  await world.worker(defineService("s", { echo: (value: unknown) => value }));
  const client = await world.clientOf(gate);
  await eventuallyTrue("calls come through", () =>
    client.call("s.echo", [1]).then(
      () => true,
      () => false,
    ),
  );

  const before = sentinel.asked;
  sentinel.hold();
  await server.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  // One connection for commands each, one for the mailbox each, and one for the jobs of the service.
  await eventuallyTrue("all of them ask", () => sentinel.asked === before + 5);
  await sentinel.tellFailover();
  sentinel.release();
  await eventuallyTrue("calls come through again", () =>
    client.call("s.echo", [2], { timeout: 1000 }).then(
      () => true,
      () => false,
    ),
  );
});
