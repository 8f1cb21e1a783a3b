/** The gRPC transport: a transparent proxy, the gate's native service, links of clients and workers, gRPC-Web, and calls by reflection. */
import type { Connector, GateHost, Transport } from "unigate/transport";
import type { callByReflection as callNow } from "./client/call-by-reflection.ts";
import type { listByReflection as listNow } from "./client/list-by-reflection.ts";
import { addressOf, checkOptions, type GrpcOptions } from "./options.ts";

/**
 * Opens a gRPC port.
 *
 * @example
 * ```ts
 * import { defineConfig } from "unigate";
 * import { grpc } from "unigate/grpc";
 *
 * export default defineConfig({
 *   transports: [grpc({ port: 50051, upstreams: { "asr.v1.*": { to: ["10.0.0.7:9000", "10.0.0.8:9000"] } } })],
 * });
 * ```
 */
export function grpc(options: GrpcOptions = {}): Transport {
  return {
    name: "grpc",
    options,
    check: () => checkOptions(options),
    addresses: () => [addressOf(options)],
    async start(gate: GateHost) {
      // Protobuf loads only for a gate that has this door.
      const { openGrpcDoor } = await import("./server.ts");
      return openGrpcDoor(options, gate);
    },
  };
}

/** Opens links to a gate; loaded when the first one is made. */
export const connector: Connector = {
  connect: async (url, signal) => (await import("./native/connector.ts")).connector.connect(url, signal),
};

/** Calls a method whose .proto the caller does not have; protobuf loads with the first call. */
export const callByReflection: typeof callNow = async (...call) =>
  (await import("./client/call-by-reflection.ts")).callByReflection(...call);

/** Lists the services of a server that is no gate; protobuf loads with the first call. */
export const listByReflection: typeof listNow = async (...call) =>
  (await import("./client/list-by-reflection.ts")).listByReflection(...call);

export type { ReflectedCall } from "./client/call-by-reflection.ts";
export type { GrpcOptions } from "./options.ts";
export type { GrpcTls } from "./tls.ts";
export type { CallCondition } from "./proxy/call-condition.ts";
export type { PoolOptions } from "./proxy/pool-options.ts";
export type { TenantOptions } from "./proxy/tenant-options.ts";
export type { GrpcUpstream, GrpcUpstreams, UpstreamHealthOptions } from "./proxy/upstream-options.ts";
export type { WebOptions } from "./web/serve-web.ts";
