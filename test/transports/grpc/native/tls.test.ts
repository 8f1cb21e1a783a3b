import { ChannelCredentials, type ServiceError, status } from "@grpc/grpc-js";
import { createWorker, defineService } from "unigate";
import { createGate } from "unigate/gate";
import { grpc, type GrpcTls } from "unigate/grpc";
import { describe, expect, it, onTestFinished } from "vitest";
import { cert, key } from "../../../support/certificate.ts";
import { GateProcess } from "../../../support/processes.ts";
import { workspace } from "../../../support/workspace.ts";
import { grpcClient, type LooseClient, unary } from "./grpc-client.ts";
import { memory } from "../../../support/memory.ts";

const file = new URL("protos/kitchen.proto", import.meta.url).pathname;
const [ca, privateKey] = [Buffer.from(cert), Buffer.from(key)];

/** A gate with TLS at its gRPC port, and a worker. */
async function secureGate(tls: GrpcTls): Promise<string> {
  const gate = createGate({ settle: 0, transports: [grpc({ port: 0, host: "localhost", tls, protos: [file] })] });
  await gate.start();
  const service = defineService("Kitchen", { say: ({ text }: { text: string }) => ({ text: text.toUpperCase() }) });
  const worker = createWorker({ services: [service], open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  onTestFinished(async () => {
    await worker.close();
    await gate.close();
  });
  return `grpcs://localhost:${new URL(gate.addresses[0]!.url.replace("grpcs:", "https:")).port}`;
}

function kitchen(url: string, secure?: ChannelCredentials): LooseClient {
  return grpcClient(url.replace("grpcs:", "https:"), file, "kitchen.v1.Kitchen", secure);
}

const codeOf = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => status.OK,
    (error: ServiceError) => error.code,
  );

describe("a gRPC port with TLS", () => {
  it("is called by whoever trusts its certificate, and by nobody without TLS", async () => {
    const url = await secureGate({ cert, key });
    expect(await unary(kitchen(url, ChannelCredentials.createSsl(ca)), "Say", { text: "safe" })).toMatchObject({ text: "SAFE" });
    expect(await codeOf(unary(kitchen(url, ChannelCredentials.createSsl()), "Say", { text: "x" }))).toBe(status.UNAVAILABLE);
    expect(await codeOf(unary(kitchen(url), "Say", { text: "x" }))).toBe(status.UNAVAILABLE);
    expect(await unary(kitchen(url, ChannelCredentials.createSsl(ca)), "Say", { text: "still" })).toMatchObject({ text: "STILL" });
  });

  it("with requireClient takes only callers whose certificate its authority has signed", async () => {
    const url = await secureGate({ cert, key, ca: cert, requireClient: true });
    const known = ChannelCredentials.createSsl(ca, privateKey, ca);
    expect(await unary(kitchen(url, known), "Say", { text: "known" })).toMatchObject({ text: "KNOWN" });
    expect(await codeOf(unary(kitchen(url, ChannelCredentials.createSsl(ca)), "Say", { text: "x" }))).toBe(status.UNAVAILABLE);
  });

  it("is that of a worker and of the command at grpcs://, by reflection too", { timeout: 60_000 }, async () => {
    const url = await secureGate({ cert, key });
    const folder = await workspace({
      "cert.pem": cert,
      "greeter.ts": "export const hello = (name: string): string => `Hello, ${name}`;\n",
    });
    const env = { NODE_EXTRA_CA_CERTS: `${folder}/cert.pem`, GATE_LOG: "info" };
    await new GateProcess(["worker", `${folder}/greeter.ts`, "--gate", url], { env }).says(/serving/);
    const call = new GateProcess(["call", "greeter.hello", "Ada", "--gate", url], { env });
    expect([await call.exit, call.stdout]).toEqual([0, '"Hello, Ada"\n']);
    const reflected = new GateProcess(["call", "kitchen.v1.Kitchen/Say", "--gate", url, "-d", '{"text":"hi"}'], { env });
    expect([await reflected.exit, reflected.stdout]).toEqual([0, '{"text":"HI","number":0}\n']);
  });

  it("whose certificate nobody here trusts is told as such, with the remedy", async () => {
    const url = await secureGate({ cert, key });
    for (const line of [["call", "x.y"], ["call", "a.B/C"], ["list"]]) {
      const process = new GateProcess([...line, "--gate", url]);
      expect([await process.exit, process.stderr]).toEqual([
        1,
        expect.stringContaining("signed its certificate; trust it with NODE_EXTRA_CA_CERTS="),
      ]);
    }
  });
});
