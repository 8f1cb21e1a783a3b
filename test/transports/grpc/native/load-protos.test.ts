import { cp, readFile, writeFile } from "node:fs/promises";
import { type FileRegistry, getOption, toJson } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { loadProtos } from "../../../../transports/grpc/protos/load-protos.ts";
import { http } from "../../../../transports/grpc/schema/api-annotations.ts";
import { file_gate_v1_gate } from "../../../../transports/grpc/schema/gate.ts";
import { pythonGrpcMissing, runPython } from "../../../support/python-grpc.ts";
import { workspace } from "../../../support/workspace.ts";

const kitchen = new URL("protos/kitchen.proto", import.meta.url).pathname;
const gateProto = new URL("../../../../transports/grpc/gate.proto", import.meta.url).pathname;
const googleApi = new URL("../../../../node_modules/protobufjs/google/api", import.meta.url).pathname;
const missing = pythonGrpcMissing();

/** What a file says, without what only protoc writes. */
function contents(registry: FileRegistry, name: string): unknown {
  const file = [...registry.files].find(({ proto }) => proto.name.endsWith(name));
  const json = toJson(FileDescriptorProtoSchema, file!.proto, { registry }) as Record<string, unknown>;
  return JSON.parse(
    JSON.stringify(json, (key, value: unknown) =>
      key === "name" && typeof value === "string" && value.endsWith(".proto")
        ? undefined
        : key === "dependency" || key === "syntax" || key === "label"
          ? undefined
          : key === "options" && JSON.stringify(value) === "{}"
            ? undefined
            : key === "options" && JSON.stringify(value) === '{"packed":true}'
              ? undefined
              : Array.isArray(value) && key === "nestedType"
                ? value.toSorted((a, b) => (a.name < b.name ? -1 : 1))
                : value,
    ),
  );
}

describe(".proto sources", () => {
  it.skipIf(missing !== undefined)(
    `become the descriptors that protoc makes of them${missing === undefined ? "" : ` (skipped: ${missing})`}`,
    async () => {
      const sources = {
        // Debian's protoc is older than `optional` in proto3.
        "kitchen.proto": (await readFile(kitchen, "utf8")).replace("optional string nick_name", "string nick_name"),
        "shelf.proto": await readFile(kitchen.replace("kitchen.proto", "shelf.proto"), "utf8"),
      };
      const folder = await workspace(sources);
      await cp(googleApi, `${folder}/google/api`, { recursive: true });
      const set = `${folder}/kitchen.binpb`;
      const flags = [`-I${folder}`, "--include_imports", `--descriptor_set_out=${set}`];
      await runPython(["-m", "grpc_tools.protoc", ...flags, "kitchen.proto"], folder);
      const compiled = await loadProtos([`${folder}/kitchen.proto`]);
      const original = await loadProtos([set]);
      expect(contents(compiled, "kitchen.proto")).toEqual(contents(original, "kitchen.proto"));
      expect(contents(compiled, "shelf.proto")).toEqual(contents(original, "shelf.proto"));
      const cook = original.getService("kitchen.v1.Kitchen")!.method["cook"]!;
      expect(getOption(cook, http).pattern).toEqual({ case: "post", value: "/v1/dishes/{name}" });
    },
  );

  it("keep their google.api.http bindings", async () => {
    const cook = (await loadProtos([kitchen])).getService("kitchen.v1.Kitchen")!.method["cook"]!;
    const rule = getOption(cook, http);
    expect(rule.pattern).toEqual({ case: "post", value: "/v1/dishes/{name}" });
    expect(rule.additionalBindings.map(({ pattern }) => pattern)).toEqual([{ case: "get", value: "/v1/dishes/{name}" }]);
  });

  it("that are shipped say what the gate speaks", async () => {
    const file = [...(await loadProtos([gateProto])).files].find(({ proto }) => proto.package === "gate.v1")!;
    const registry = await loadProtos([gateProto]);
    const said = contents(registry, "gate.proto") as Record<string, unknown>;
    expect(file.services[0]!.typeName).toBe("gate.v1.Gate");
    const { toRegistry } = await import("../../../../transports/grpc/protos/load-protos.ts");
    expect(said).toEqual(contents(toRegistry([file_gate_v1_gate.proto]), "gate.proto"));
  });
});

describe("a fault of a .proto", () => {
  const fault = async (text: string): Promise<unknown> => {
    const folder = await workspace({ "bad.proto": text });
    return loadProtos([`${folder}/bad.proto`]).catch((error: unknown) => error);
  };

  it("is told with its name", async () => {
    expect(await fault("syntax = ;")).toMatchObject({ code: "invalid_argument", message: expect.stringContaining("bad.proto") });
    expect(await fault('syntax = "proto3"; message A { Missing b = 1; }')).toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("Missing"),
    });
    expect(await fault('syntax = "proto3"; import "gone.proto"; message A {}')).toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("gone.proto"),
    });
  });

  it("is told for a file that is no descriptor set", async () => {
    const folder = await workspace();
    await writeFile(`${folder}/x.binpb`, "not a descriptor");
    await expect(loadProtos([`${folder}/x.binpb`])).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("x.binpb"),
    });
    await expect(loadProtos([`${folder}/none.binpb`])).rejects.toMatchObject({ code: "invalid_argument" });
  });
});
