/** The HTTP transport: calls, bound routes, the gate's own pages, and WebSocket links for clients and workers. */
import type { Connector, GateHost, Transport } from "unigate/transport";
import { checkBindings } from "./check-bindings.ts";
import { controlPathOf } from "./control-path.ts";
import { addressOf, checkOptions, type HttpOptions, toSettings } from "./options.ts";

/**
 * Opens an HTTP port.
 *
 * @example
 * ```ts
 * import { defineConfig } from "unigate";
 * import { http } from "unigate/http";
 *
 * export default defineConfig({ transports: [http({ port: 9000 })] });
 * ```
 */
export function http(options: HttpOptions = {}): Transport {
  return {
    name: "http",
    options,
    ownsPage: (path) => controlPathOf(path) !== undefined,
    check: (bound) => [...checkOptions(options), ...checkBindings(options, bound)],
    addresses: () => [addressOf(options)],
    async start(gate: GateHost) {
      // fastify loads only for a gate that has this door.
      const { openServer } = await import("./server.ts");
      return openServer(toSettings(options, gate.maxPayloadBytes), gate);
    },
  };
}

/** Opens links to a gate; loaded when the first one is made. */
export const connector: Connector = {
  connect: async (url, signal) => (await import("./connector.ts")).connector.connect(url, signal),
};
export type { CorsOptions } from "./cors.ts";
export type { ProxyHealth, ProxyRoute, ProxyServer } from "./proxy/proxy-route.ts";
export type { HttpTls } from "./tls.ts";
export type { HttpOptions, RegistryOptions } from "./options.ts";
