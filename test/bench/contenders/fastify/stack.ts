import { freePort, startScript } from "../../process.ts";

/** Starts fastify with one route and no worker; gives its port. */
export async function startFastify(): Promise<number> {
  const port = await freePort();
  await startScript("contenders/fastify/server.ts", { HTTP_PORT: port });
  return port;
}

/** Starts `@fastify/http-proxy` in front of a port; gives its own. */
export async function startFastifyProxy(upstream: number): Promise<number> {
  const port = await freePort();
  await startScript("contenders/fastify/proxy.ts", { HTTP_PORT: port, UPSTREAM_PORT: upstream });
  return port;
}
