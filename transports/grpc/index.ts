/** The gRPC transport: links of clients and workers, and calls of gRPC servers by reflection. */
import type { Connector } from "unigate/transport";

/** Opens links to a gate; loaded when the first one is made. */
export const connector: Connector = {
  connect: async (url, signal) => (await import("./native/connector.ts")).connector.connect(url, signal),
};
export { callByReflection, type ReflectedCall } from "./client/call-by-reflection.ts";
