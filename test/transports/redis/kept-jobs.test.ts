import { defineService } from "unigate";
import type { AsyncJobStatus } from "unigate/transport";
import { expect, it } from "vitest";
import { eventuallyTrue } from "../../support/eventually.ts";
import { RedisWorld } from "../../support/redis-world.ts";

const mail = defineService("mail", { send: (to: string) => `sent to ${to}` });

it("a job that is kept does not move on to a queue in Redis before a worker is there to take it", async () => {
  await using world = await RedisWorld.create();
  // The service is known from now on, and without a worker.
  await (await world.worker(mail)).close();
  const client = await world.clientOf(await world.gate());
  const { id } = await client.call<AsyncJobStatus>("Gate.submit", ["mail.send", ["you"]]);
  const state = async (): Promise<AsyncJobStatus> => await client.call("Gate.job", [id]);
  // An answered call proves that the runner has had its turn.
  expect(await state()).toMatchObject({ state: "waiting", attempts: 0 });
  await world.worker(mail);
  await eventuallyTrue("the job is completed", async () => (await state()).state === "completed");
  expect(await state()).toMatchObject({ attempts: 1, result: "sent to you" });
});
