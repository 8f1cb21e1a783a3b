import { create, type DescFile, type FileRegistry, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { GateError } from "unigate/transport";
import type { CallHandler } from "../messages/call-stream.ts";
import { takesMany } from "../messages/serve-call.ts";
import { ServerReflectionRequestSchema, type ServerReflectionRequest, ServerReflectionResponseSchema } from "../schema/reflection.ts";
import { decode } from "./decode.ts";

type Response = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

const notFound = 5;
const maxBytes = 64 * 1024;

/**
 * `grpc.reflection.v1.ServerReflection` and its older name v1alpha, by path: their messages are the same.
 *
 * `registry` gives what is known when somebody asks. A file comes with everything that it imports.
 */
export function reflectionService(registry: () => FileRegistry): [path: string, handler: CallHandler][] {
  const handler = takesMany({ maxBytes, isStream: true }, ({ reply }) => ({
    message(message) {
      const request = decode(ServerReflectionRequestSchema, message);
      const response = create(ServerReflectionResponseSchema, {
        validHost: request.host,
        originalRequest: request,
        messageResponse: answer(registry(), request),
      });
      return reply.chunk(toBinary(ServerReflectionResponseSchema, response));
    },
    start: (resume) => reply.onRoom(resume),
    end: () => reply.end(),
  }));
  return ["v1", "v1alpha"].map((version) => [`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, handler]);
}

function answer(registry: FileRegistry, { messageRequest: asked }: ServerReflectionRequest): Response {
  try {
    switch (asked.case) {
      case "listServices":
        return { case: "listServicesResponse", value: { service: services(registry).map((name) => ({ name })) } };
      case "fileByFilename":
        return files(registry.getFile(asked.value), asked.value);
      case "fileContainingSymbol":
        return files(fileOfSymbol(registry, asked.value), asked.value);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = asked.value;
        return files(extensionsOf(registry, containingType).find(({ number }) => number === extensionNumber)?.file, containingType);
      }
      case "allExtensionNumbersOfType": {
        if (registry.getMessage(asked.value) === undefined) throw unknown(asked.value);
        const extensionNumber = extensionsOf(registry, asked.value).map(({ number }) => number);
        return { case: "allExtensionNumbersResponse", value: { baseTypeName: asked.value, extensionNumber } };
      }
      default:
        throw new GateError("invalid_argument", "the request asks for nothing that is known here");
    }
  } catch (error) {
    const { code, message } = GateError.from(error, "internal");
    return { case: "errorResponse", value: { errorCode: code === "not_found" ? notFound : 3, errorMessage: message } };
  }
}

function services(registry: FileRegistry): string[] {
  return [...registry.files].flatMap((file) => file.services.map(({ typeName }) => typeName));
}

function files(file: DescFile | undefined, asked: string): Response {
  if (file === undefined) throw unknown(asked);
  const all = new Set<DescFile>();
  const add = (one: DescFile): void => {
    if (all.has(one)) return;
    all.add(one);
    one.dependencies.forEach(add);
  };
  add(file);
  return {
    case: "fileDescriptorResponse",
    value: { fileDescriptorProto: [...all].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto)) },
  };
}

/** A type, a service, or a method, field or value inside one. */
function fileOfSymbol(registry: FileRegistry, symbol: string): DescFile | undefined {
  for (let name = symbol; name !== ""; name = name.slice(0, Math.max(0, name.lastIndexOf(".")))) {
    const found = registry.get(name);
    if (found !== undefined) return found.file;
  }
  return undefined;
}

function extensionsOf(registry: FileRegistry, type: string): { number: number; file: DescFile }[] {
  const found = [];
  for (const one of registry)
    if (one.kind === "extension" && one.extendee.typeName === type) found.push({ number: one.number, file: one.file });
  return found;
}

function unknown(name: string): GateError {
  return new GateError("not_found", `${JSON.stringify(name)} is not known here`);
}
