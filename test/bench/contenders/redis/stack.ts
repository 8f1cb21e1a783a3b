import { type Program, startScript } from "../../process.ts";

/** Starts a worker that is nothing but a loop over streams; gives its client. */
export async function startStreams(port: number): Promise<Program> {
  await startScript("contenders/redis/worker.ts", { REDIS_PORT: port });
  return startScript("contenders/redis/client.ts", { REDIS_PORT: port });
}
