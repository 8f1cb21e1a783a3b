import type { RequestListener } from "node:http";
import type { GateConfig, Worker } from "unigate";
import { exposeServer, type ExposedRequest, type ExposeOptions } from "unigate/expose";
import { type HttpOptions } from "unigate/http";
import { onTestFinished } from "vitest";
import { startServer } from "../../../support/http-server.ts";
import { openGate, type ProxyWorld } from "../proxy/proxy-world.ts";

/** A gate, and a server that a worker exposes through it over a WebSocket link. */
export interface ExposedWorld extends ProxyWorld {
  server: Awaited<ReturnType<typeof startServer>>;
  worker: Worker;
  /** What the worker told of its requests. */
  told: ExposedRequest[];
}

/** Publishes `url` through the gate; the worker leaves when the test is over. */
export async function expose(
  world: ProxyWorld,
  url: string,
  options: ExposeOptions = {},
): Promise<{ worker: Worker; told: ExposedRequest[] }> {
  const told: ExposedRequest[] = [];
  const worker = exposeServer(url, { gate: world.url.replace("http", "ws"), onRequest: (request) => told.push(request), ...options });
  onTestFinished(() => worker.close());
  await worker.start();
  return { worker, told };
}

/** Starts all three. */
export async function openExposed(
  listener: RequestListener,
  options: ExposeOptions = {},
  { http = {}, config = {} }: { http?: HttpOptions; config?: Partial<GateConfig> } = {},
): Promise<ExposedWorld> {
  const server = await startServer(listener);
  const world = await openGate(http, config);
  return { ...world, server, ...(await expose(world, server.url, options)) };
}
