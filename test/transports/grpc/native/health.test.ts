import { createWorker, defineService } from "unigate";
import { writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { dial } from "../../../support/dial.ts";
import { workspace } from "../../../support/workspace.ts";
import { connector } from "../../../../transports/grpc/native/connector.ts";
import { grpcClient, type LooseClient, unary } from "./grpc-client.ts";
import { nativeWorld } from "./native-world.ts";

const proto = `syntax = "proto3"; package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse { enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; } ServingStatus status = 1; }
service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse); rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse); }`;

async function healthClient(url: string): Promise<LooseClient> {
  const folder = await workspace();
  await writeFile(`${folder}/health.proto`, proto);
  return grpcClient(url, `${folder}/health.proto`, "grpc.health.v1.Health");
}

it("health is SERVING for the gate and for a service with a worker, NOT_FOUND for any other", async () => {
  const { url } = await nativeWorld(defineService("t", { a: () => 1 }));
  const client = await healthClient(url);
  expect(await unary(client, "Check", {})).toEqual({ status: "SERVING" });
  expect(await unary(client, "Check", { service: "t" })).toEqual({ status: "SERVING" });
  expect(await unary(client, "Check", { service: "gate.v1.Gate" })).toEqual({ status: "SERVING" });
  await expect(unary(client, "Check", { service: "other" })).rejects.toMatchObject({ code: 5 });
});

it("health is watched: SERVICE_UNKNOWN, then SERVING once a worker has joined", async () => {
  const { url, gate } = await nativeWorld(defineService("t", { a: () => 1 }));
  const client = await healthClient(url);
  const statuses: string[] = [];
  const watch = client["Watch"]({ service: "late" });
  watch.on("data", ({ status }: { status: string }) => statuses.push(status));
  watch.on("error", () => {});
  await eventuallyTrue("it is unknown", () => statuses[0] === "SERVICE_UNKNOWN");
  const worker = createWorker({ services: [defineService("late", { a: () => 1 })], open: dial(connector, gate) });
  await worker.start();
  await eventuallyTrue("it serves", () => statuses.at(-1) === "SERVING");
  await worker.close();
  await eventuallyTrue("it serves no longer", () => statuses.at(-1) !== "SERVING");
  watch.cancel();
});
