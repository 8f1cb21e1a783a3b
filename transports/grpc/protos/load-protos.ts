import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { create, createFileRegistry, type DescFile, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import type protobufjs from "protobufjs";
import { GateError } from "unigate/transport";
import { file_google_api_annotations } from "../schema/api-annotations.ts";
import { file_google_api_http } from "../schema/api-http.ts";
import { compileProtos } from "./compile-proto.ts";

/** Files that need not be given: every program has them. */
const carried: ReadonlyMap<string, DescFile> = new Map(
  [
    file_google_protobuf_any,
    file_google_protobuf_source_context,
    file_google_protobuf_type,
    file_google_protobuf_api,
    file_google_protobuf_descriptor,
    file_google_protobuf_duration,
    file_google_protobuf_empty,
    file_google_protobuf_field_mask,
    file_google_protobuf_struct,
    file_google_protobuf_timestamp,
    file_google_protobuf_wrappers,
    file_google_api_http,
    file_google_api_annotations,
  ].map((file) => [file.proto.name, file]),
);

/** Tells whether a file is one of those that need not be given. */
export function isCarried(name: string): boolean {
  return carried.has(name);
}

/**
 * The descriptors of .proto sources and of descriptor sets (any other file: `protoc --descriptor_set_out --include_imports`).
 *
 * Imports are looked for beside the importing file, then beside each given file, then in the working folder. Rejects with
 * `invalid_argument` that names the file and what is wrong with it.
 */
export async function loadProtos(paths: readonly string[]): Promise<FileRegistry> {
  const sources = paths.filter((path) => path.endsWith(".proto"));
  const files = sources.length === 0 ? [] : await compileSources(sources);
  for (const path of paths) if (!path.endsWith(".proto")) files.push(...(await readDescriptorSet(path)));
  return toRegistry(files);
}

/** Descriptors by their files, those that every program has left out where they are not needed. Throws `invalid_argument`. */
export function toRegistry(files: readonly FileDescriptorProto[]): FileRegistry {
  const given = new Map(files.map((file) => [file.name, file]));
  const ordered = new Set<FileDescriptorProto>();
  const path: string[] = [];
  const add = (name: string): void => {
    const file = given.get(name) ?? carried.get(name)?.proto;
    if (file === undefined)
      throw new GateError("invalid_argument", `${path.at(-1) ?? "a descriptor"} imports ${name}, which is not there; add it`);
    if (ordered.has(file)) return;
    if (path.includes(name)) throw new GateError("invalid_argument", `${name} imports itself by way of ${path.join(", ")}`);
    path.push(name);
    for (const dependency of file.dependency) add(dependency);
    path.pop();
    ordered.add(file);
  };
  for (const { name } of files) add(name);
  try {
    return createFileRegistry(create(FileDescriptorSetSchema, { file: [...ordered] }));
  } catch (error) {
    throw new GateError("invalid_argument", `the descriptors do not fit together: ${GateError.from(error).message}`, { cause: error });
  }
}

async function compileSources(sources: readonly string[]): Promise<FileDescriptorProto[]> {
  // The parser loads only where sources are given.
  const { default: library } = (await import("protobufjs")) as unknown as { default: typeof protobufjs };
  const root = new library.Root();
  const folders = [...sources.map((source) => dirname(resolve(source))), process.cwd()];
  const bundled = dirname(createRequire(import.meta.url).resolve("protobufjs/package.json"));
  root.resolvePath = (origin, target) => {
    const from = origin === "" ? [] : [dirname(origin)];
    const found = [...from, ...folders, bundled].map((folder) => resolve(folder, target)).find((path) => existsSync(path));
    return found ?? target;
  };
  try {
    root.loadSync([...sources], { keepCase: true });
    root.resolveAll();
  } catch (error) {
    throw new GateError("invalid_argument", `protos: ${GateError.from(error).message}`, { cause: error });
  }
  return compileProtos(library, root, fileOfCarried);
}

const typeFiles: ReadonlyMap<string, string> = new Map(
  [...carried.values()].flatMap((file) => [...file.messages, ...file.enums].map((type) => [type.typeName, file.proto.name])),
);

function fileOfCarried(typeName: string): string | undefined {
  return typeFiles.get(typeName);
}

async function readDescriptorSet(path: string): Promise<FileDescriptorProto[]> {
  try {
    return fromBinary(FileDescriptorSetSchema, await readFile(path)).file;
  } catch (error) {
    throw new GateError("invalid_argument", `protos: ${path} is no descriptor set: ${GateError.from(error).message}`, { cause: error });
  }
}
