/** What a server tells of itself by `grpc.reflection.v1`, or by v1alpha where it is older. */
import type { ClientHttp2Session } from "node:http2";
import { create, type FileRegistry, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { GateError } from "unigate/transport";
import { decode } from "../native/decode.ts";
import { isCarried, toRegistry } from "../protos/load-protos.ts";
import { ServerReflectionRequestSchema, type ServerReflectionResponse, ServerReflectionResponseSchema } from "../schema/reflection.ts";
import { clientCall, type ClientCallOptions } from "./client-call.ts";

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;
type Answer = ServerReflectionResponse["messageResponse"];
type Ask = (question: Question) => Promise<Answer>;

/** Files that one server may tell. */
const maxFiles = 5000;

/** The names of a server's services; rejects with `unimplemented` when it has no reflection. */
export async function listServices(session: ClientHttp2Session, options: ClientCallOptions = {}): Promise<string[]> {
  const answer = await reflection(session, options)({ case: "listServices", value: "" });
  return answer.case === "listServicesResponse" ? answer.value.service.map(({ name }) => name) : [];
}

/** Every file that these services need: what the server sends along, and the imports that it did not. Rejects as `listServices`. */
export async function describeServices(
  session: ClientHttp2Session,
  services: readonly string[],
  options: ClientCallOptions = {},
): Promise<FileRegistry> {
  const files = new Map<string, FileDescriptorProto>();
  const ask = reflection(session, options);
  const take = async (question: Question): Promise<void> => {
    const answer = await ask(question);
    if (answer.case !== "fileDescriptorResponse") throw new GateError("not_found", "the server answered something else than files");
    for (const one of answer.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, one);
      files.set(file.name, file);
    }
    if (files.size > maxFiles) throw new GateError("resource_exhausted", `the server tells more than ${maxFiles} files`);
  };
  const isThere = (name: string): boolean =>
    [...files.values()].some((file) =>
      file.service.some((one) => (file.package === "" ? one.name : `${file.package}.${one.name}`) === name),
    );
  for (const name of services) if (!isThere(name)) await take({ case: "fileContainingSymbol", value: name });
  for (const file of files.values()) {
    for (const name of file.dependency) {
      if (!files.has(name) && !isCarried(name)) await take({ case: "fileByFilename", value: name });
    }
  }
  return toRegistry([...files.values()]);
}

/** Asks by the newest version that the server speaks. */
function reflection(session: ClientHttp2Session, options: ClientCallOptions): Ask {
  let version = "v1";
  return async (question) => {
    try {
      return await answerTo(session, version, question, options);
    } catch (error) {
      if (!GateError.is(error) || error.code !== "unimplemented" || version === "v1alpha") throw error;
      version = "v1alpha";
      return await answerTo(session, version, question, options);
    }
  };
}

async function answerTo(
  session: ClientHttp2Session,
  version: string,
  messageRequest: Question,
  options: ClientCallOptions,
): Promise<Answer> {
  const request = toBinary(ServerReflectionRequestSchema, create(ServerReflectionRequestSchema, { messageRequest }));
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const { signal } = options;
  for await (const message of clientCall(session, path, [request], { signal })) {
    const { messageResponse } = decode(ServerReflectionResponseSchema, message);
    if (messageResponse.case !== "errorResponse") return messageResponse;
    throw new GateError(
      "not_found",
      `the server does not know ${JSON.stringify(messageRequest.value)}: ${messageResponse.value.errorMessage}`,
    );
  }
  throw new GateError("unimplemented", "the server did not answer by reflection");
}
