import { createGate, type Gate, type GateOptions } from "unigate/gate";
import type { GateConfig } from "unigate";
import { grpc, type GrpcOptions } from "unigate/grpc";
import { onTestFinished } from "vitest";

/** A running gate with a gRPC door on a free port; closed when the test is over. */
export async function startGate(
  options: GrpcOptions,
  config: Partial<GateConfig> = {},
  parts: GateOptions = {},
): Promise<{ gate: Gate; address: string; port: number }> {
  const gate = createGate({ settle: 0, transports: [grpc({ port: 0, ...options })], ...config }, parts);
  await gate.start();
  onTestFinished(() => gate.close());
  const { host, port } = new URL(gate.addresses[0]!.url.replace("grpc:", "http:"));
  return { gate, address: host, port: Number(port) };
}
