import type { RequestListener } from "node:http";
import { createGate, type Gate, type GateOptions } from "unigate/gate";
import type { GateConfig } from "unigate";
import { http, type HttpOptions, type ProxyRoute } from "unigate/http";
import { onTestFinished } from "vitest";
import { startServer } from "../../../support/http-server.ts";

/** A gate that proxies, and where it listens. */
export interface ProxyWorld {
  gate: Gate;
  url: string;
  port: number;
}

/** Starts a gate with proxied routes; closed when the test is over. */
export async function openGate(options: HttpOptions, config: Partial<GateConfig> = {}, gateOptions: GateOptions = {}): Promise<ProxyWorld> {
  const gate = createGate({ settle: 0, ...config, transports: [http({ port: 0, ...options })] }, gateOptions);
  await gate.start();
  onTestFinished(() => gate.close());
  const { url } = gate.addresses[0] as { url: string };
  return { gate, url, port: Number(new URL(url).port) };
}

/** A gate in front of one server. */
export async function openProxied(
  listener: RequestListener,
  route: Partial<ProxyRoute> = {},
  options: HttpOptions = {},
): Promise<ProxyWorld & { upstream: Awaited<ReturnType<typeof startServer>> }> {
  const upstream = await startServer(listener);
  return { ...(await openGate({ ...options, proxy: [{ path: "/*", to: upstream.url, ...route }] })), upstream };
}
