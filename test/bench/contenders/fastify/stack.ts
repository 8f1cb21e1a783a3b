import { freePort, startScript } from "../../process.ts";

/** Starts fastify with one route and no worker; gives its port. */
export async function startFastify(): Promise<number> {
  const port = await freePort();
  await startScript("contenders/fastify/server.ts", { HTTP_PORT: port });
  return port;
}
