/** What the gate itself answers on its gRPC port: its native service, health and reflection. */
import type { GateHost } from "unigate/transport";
import type { CallHandler } from "../messages/call-stream.ts";
import { acceptLink } from "./accept-link.ts";
import { gateService } from "./gate-service.ts";
import { healthService } from "./health.ts";

const ownServices = ["gate.v1.Gate", "grpc.health.v1.Health"];

/** The handlers of the gate's own gRPC methods, by path (`/package.Service/Method`). */
export function nativeMethods(gate: GateHost): ReadonlyMap<string, CallHandler> {
  return new Map([["/gate.v1.Gate/Connect", acceptLink(gate)], ...gateService(gate), ...healthService(gate, new Set(ownServices))]);
}
