import { createWorker, type GateConfig, type ServiceDefinition, type Worker } from "unigate";
import { createGate, type Gate } from "unigate/gate";
import { onTestFinished } from "vitest";
import { grpcPort } from "./grpc-port.ts";
import { memory } from "../../../support/memory.ts";

/** A gate with a gRPC port and one worker in this process; both are closed when the test is over. */
export async function nativeWorld(
  service: ServiceDefinition,
  options: { config?: Partial<GateConfig>; port?: Parameters<typeof grpcPort>[0] } = {},
): Promise<{ gate: Gate; worker: Worker; url: string }> {
  const gate = createGate({ settle: 0, ...options.config, transports: [grpcPort(options.port)] });
  await gate.start();
  const worker = createWorker({ services: [service], id: "w1", open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  onTestFinished(async () => {
    await worker.close();
    await gate.close();
  });
  return { gate, worker, url: gate.addresses[0]!.url };
}
