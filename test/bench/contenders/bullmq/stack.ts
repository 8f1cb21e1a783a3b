import { type Program, startScript } from "../../process.ts";

/** Starts a worker of a BullMQ queue; gives a client that waits for each job until it is finished. */
export async function startBullMq(port: number): Promise<Program> {
  await startScript("contenders/bullmq/worker.ts", { REDIS_PORT: port });
  return startScript("contenders/bullmq/client.ts", { REDIS_PORT: port });
}
