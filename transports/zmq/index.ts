/** The ZeroMQ transport: one ROUTER port for clients and workers, over tcp and ipc. */
import type { ConfigFault, Connector, GateHost, Transport } from "unigate/transport";
import { parseAddress, purpose } from "./address.ts";

/** Options of the ZeroMQ transport. */
export interface ZmqOptions {
  /** One or several addresses to listen on; default `"tcp://127.0.0.1:5555"`. Port `*` or `0` takes a free one. */
  bind?: string | readonly string[];
}

/**
 * Opens a ZeroMQ port for clients and workers.
 *
 * @example
 * ```ts
 * import { defineConfig } from "unigate";
 * import { zmq } from "unigate/zmq";
 *
 * export default defineConfig({ transports: [zmq({ bind: "tcp://127.0.0.1:5555" })] });
 * ```
 */
export function zmq(options: ZmqOptions = {}): Transport {
  const binds = [options.bind ?? "tcp://127.0.0.1:5555"].flat();
  return {
    name: "zmq",
    options,
    check: () => binds.flatMap(bindFault),
    addresses: () => binds.map((url) => ({ url, purpose })),
    async start(gate: GateHost) {
      const { openRouter } = await import("./server.ts");
      return openRouter(binds, gate);
    },
  };
}

/** Opens links to a gate; loaded when the first one is made. */
export const connector: Connector = {
  connect: async (url, signal) => (await import("./connector.ts")).connector.connect(url, signal),
};

function bindFault(bind: unknown): ConfigFault[] {
  if (parseAddress(bind) !== undefined) return [];
  return [
    {
      path: "bind",
      problem: `${JSON.stringify(bind)} is not a ZeroMQ address`,
      remedy: 'write "tcp://127.0.0.1:5555" or "ipc:///path/to/socket"',
    },
  ];
}
