/** What the gate itself answers on its gRPC port: its native service, health, reflection, and the methods of workers that have a .proto. */
import { createFileRegistry, type FileRegistry } from "@bufbuild/protobuf";
import type { GateHost } from "unigate/transport";
import type { CallHandler } from "../messages/call-stream.ts";
import { file_gate_v1_gate } from "../schema/gate.ts";
import { file_grpc_health_v1_health } from "../schema/health.ts";
import { file_grpc_reflection_v1_reflection } from "../schema/reflection.ts";
import { toRegistry } from "../protos/load-protos.ts";
import { workerMethods } from "../transcode/worker-methods.ts";
import { acceptLink } from "./accept-link.ts";
import { gateService } from "./gate-service.ts";
import { healthService } from "./health.ts";
import { reflectionService } from "./reflection.ts";

/** What a gate serves on its gRPC port besides its own services. */
export interface NativeOptions {
  /** Services whose methods workers serve, as `loadProtos` gives them. */
  protos?: FileRegistry;
  /** What is known of the servers behind the port, for reflection: asked whenever somebody asks. */
  upstreams?: () => readonly FileRegistry[];
}

/** The handlers of the gate's own gRPC methods, by path (`/package.Service/Method`). */
export function nativeMethods(gate: GateHost, options: NativeOptions = {}): ReadonlyMap<string, CallHandler> {
  const own = toRegistry([file_gate_v1_gate, file_grpc_health_v1_health, file_grpc_reflection_v1_reflection].map(({ proto }) => proto));
  const { protos = createFileRegistry(), upstreams = () => [] } = options;
  return new Map([
    ...workerMethods(gate, protos),
    ["/gate.v1.Gate/Connect", acceptLink(gate)],
    ...gateService(gate),
    ...healthService(gate, servicesOf(own)),
    ...reflectionService(() => createFileRegistry(...upstreams(), own, protos)),
  ]);
}

function servicesOf({ files }: FileRegistry): ReadonlySet<string> {
  return new Set([...files].flatMap((file) => file.services.map(({ typeName }) => typeName)));
}
