import { Metadata } from "@grpc/grpc-js";
import { connect, createWorker, currentJob, defineService } from "unigate";
import { createGate } from "unigate/gate";
import { expect, it, onTestFinished } from "vitest";
import { connector } from "../../../../transports/grpc/native/connector.ts";
import { loadProtos } from "../../../../transports/grpc/protos/load-protos.ts";
import { dial } from "../../../support/dial.ts";
import { grpcClient, unary } from "./grpc-client.ts";
import { grpcPort } from "./grpc-port.ts";

const gateProto = new URL("../../../../transports/grpc/gate.proto", import.meta.url).pathname;
const kitchen = new URL("protos/kitchen.proto", import.meta.url).pathname;

it("a gate with keys takes calls only from who holds one, and no worker sees the key", async () => {
  const keys = [
    { name: "caller", key: "call-key-0123456789", may: ["call" as const] },
    { name: "worker", key: "work-key-0123456789", may: ["work" as const] },
  ];
  const gate = createGate({ settle: 0, keys, transports: [grpcPort({ protos: await loadProtos([kitchen]) })] });
  await gate.start();
  const { url } = gate.addresses[0]!;
  const say = (): object => ({ text: [...currentJob().metadata].map(([key, value]) => `${key}=${String(value)}`).join(" ") });
  const worker = createWorker({ services: [defineService("Kitchen", { say })], open: dial(connector, gate), key: keys[1]!.key });
  await worker.start();
  const link = connect(url, { open: dial(connector, gate) });
  onTestFinished(async () => {
    await link.close();
    await worker.close();
    await gate.close();
  });
  const client = grpcClient(url, kitchen, "kitchen.v1.Kitchen");
  const own = grpcClient(url, gateProto, "gate.v1.Gate");
  const withKey = (name: string, value: string): Metadata => {
    const metadata = new Metadata();
    metadata.set(name, value);
    metadata.set("x-other", "seen");
    return metadata;
  };

  await expect(unary(client, "Say", {})).rejects.toMatchObject({ code: 16 });
  await expect(unary(client, "Say", {}, withKey("authorization", "Bearer wrong"))).rejects.toMatchObject({ code: 16 });
  await expect(unary(client, "Say", {}, withKey("x-gate-key", keys[1]!.key))).rejects.toMatchObject({ code: 7 });
  await expect(unary(own, "Call", { target: "Kitchen.say" })).rejects.toMatchObject({ code: 16 });
  await expect(unary(own, "Discover", {})).rejects.toMatchObject({ code: 16 });
  await expect(link.call("Kitchen.say")).rejects.toMatchObject({ code: "unauthenticated" });
  const { text } = await unary<{ text: string }>(client, "Say", {}, withKey("authorization", `Bearer ${keys[0]!.key}`));
  expect(text).toContain("x-other=seen");
  expect(text).not.toContain("call-key");
  expect((await unary<{ text: string }>(client, "Say", {}, withKey("x-gate-key", keys[0]!.key))).text).not.toContain("call-key");
});
