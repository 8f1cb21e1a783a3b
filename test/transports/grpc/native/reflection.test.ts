import { readFile } from "node:fs/promises";
import { createFileRegistry, create, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { defineService } from "unigate";
import { describe, expect, it } from "vitest";
import { loadProtos } from "../../../../transports/grpc/protos/load-protos.ts";
import { workspace } from "../../../support/workspace.ts";
import { grpcClient, type LooseClient } from "./grpc-client.ts";
import { nativeWorld } from "./native-world.ts";

const kitchen = new URL("protos/kitchen.proto", import.meta.url).pathname;
const reflection = new URL("protos/reflection.proto", import.meta.url).pathname;

interface Answer {
  file_descriptor_response?: { file_descriptor_proto: Buffer[] };
  list_services_response?: { service: { name: string }[] };
  all_extension_numbers_response?: { extension_number: number[] };
  error_response?: { error_code: number; error_message: string };
}

async function asker(version: "v1" | "v1alpha"): Promise<(request: object) => Promise<Answer>> {
  const { url } = await nativeWorld(defineService("Kitchen", { say: () => ({}) }), { port: { protos: await loadProtos([kitchen]) } });
  const folder = await workspace({
    "reflection.proto": (await readFile(reflection, "utf8")).replace("reflection.v1", `reflection.${version}`),
  });
  const client: LooseClient = grpcClient(url, `${folder}/reflection.proto`, `grpc.reflection.${version}.ServerReflection`);
  const stream = client["ServerReflectionInfo"]();
  const answers = stream[Symbol.asyncIterator]();
  return async (request) => {
    stream.write(request);
    return (await answers.next()).value as Answer;
  };
}

describe.each(["v1", "v1alpha"] as const)("reflection %s", (version) => {
  it("lists the gate's own services and those of the .proto files", async () => {
    const ask = await asker(version);
    const { list_services_response: list } = await ask({ list_services: "" });
    expect(list?.service.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["gate.v1.Gate", "grpc.health.v1.Health", `grpc.reflection.v1.ServerReflection`, "kitchen.v1.Kitchen"]),
    );
  });

  it("gives every file that a symbol needs, for a service, a method and a nested type", async () => {
    const ask = await asker(version);
    for (const symbol of ["kitchen.v1.Kitchen", "kitchen.v1.Kitchen.Say", "kitchen.v1.Dish.Step"]) {
      const { file_descriptor_response: files } = await ask({ file_containing_symbol: symbol });
      const protos = files!.file_descriptor_proto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: protos.toReversed() }));
      expect(registry.getMessage("kitchen.v1.Dish")?.field["shelf"]?.message?.typeName).toBe("kitchen.shelf.Shelf");
    }
  });

  it("gives a file by its name, and the extensions of a type", async () => {
    const ask = await asker(version);
    expect(
      (await ask({ file_by_filename: "google/protobuf/timestamp.proto" })).file_descriptor_response?.file_descriptor_proto,
    ).toHaveLength(1);
    const all = await ask({ all_extension_numbers_of_type: "google.protobuf.MethodOptions" });
    expect(all.all_extension_numbers_response?.extension_number).toContain(72_295_728);
    const found = await ask({
      file_containing_extension: { containing_type: "google.protobuf.MethodOptions", extension_number: 72_295_728 },
    });
    expect(found.file_descriptor_response).toBeTruthy();
  });

  it("says NOT_FOUND for what it does not know, and goes on", async () => {
    const ask = await asker(version);
    expect((await ask({ file_containing_symbol: "none.such" })).error_response).toMatchObject({ error_code: 5 });
    expect((await ask({ file_by_filename: "none.proto" })).error_response).toMatchObject({ error_code: 5 });
    expect((await ask({ list_services: "" })).list_services_response?.service.length).toBeGreaterThan(3);
  });
});
