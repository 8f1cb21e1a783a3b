/** Calls of a gRPC server whose .proto the caller does not have: the server tells it by reflection, as grpcurl asks for it. */
import type { FileRegistry, JsonValue } from "@bufbuild/protobuf";
import { closestName, GateError } from "unigate/transport";
import { jsonMessage } from "../transcode/json-message.ts";
import { clientCall, type ClientCallOptions } from "./client-call.ts";
import { openSession } from "./open-session.ts";
import { describeServices } from "./reflection.ts";

/** The answer to a call. */
export interface ReflectedCall {
  /** The method answers with a stream. */
  readonly isStream: boolean;
  /** Its messages as proto3 JSON, as they come; throws the call's status. */
  readonly values: AsyncIterable<JsonValue>;
  close(): void;
}

/**
 * Calls `package.Service/Method` at `grpc(s)://host:port` with messages in proto3 JSON: one, or several for a method that takes a stream.
 *
 * Rejects with `unavailable` when nobody answers there, `unimplemented` when the server has no reflection, `not_found` for a method
 * that it has not, and `invalid_argument` for JSON that is not the method's message.
 */
export async function callByReflection(
  url: URL,
  target: string,
  messages: readonly JsonValue[],
  options: ClientCallOptions = {},
): Promise<ReflectedCall> {
  const session = await openSession(url);
  try {
    const [service = "", name = ""] = target.split("/");
    const registry = await describeServices(session, [service], options);
    const method = methodOf(registry, service, name);
    const input = jsonMessage(method.input, registry);
    const output = jsonMessage(method.output, registry);
    const encoded = messages.map((message) => input.fromJson(Buffer.from(JSON.stringify(message)), "invalid_argument"));
    const answers = clientCall(session, `/${service}/${name}`, encoded, options);
    const values = async function* (): AsyncGenerator<JsonValue> {
      for await (const answer of answers) yield JSON.parse(output.toJson(answer, "internal")) as JsonValue;
    };
    const isStream = method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";
    return { isStream, values: values(), close: () => session.destroy() };
  } catch (error) {
    session.destroy();
    throw error;
  }
}

function methodOf(
  registry: FileRegistry,
  service: string,
  name: string,
): NonNullable<ReturnType<FileRegistry["getService"]>>["methods"][number] {
  const methods = registry.getService(service)?.methods ?? [];
  const found = methods.find((method) => method.name === name);
  if (found !== undefined) return found;
  const names = methods.map((method) => method.name);
  const closest = closestName(name, names);
  const hint = closest === undefined ? `it has ${names.join(", ")}` : `did you mean ${service}/${closest}?`;
  throw new GateError("not_found", `${service} has no method ${JSON.stringify(name)}; ${hint}`);
}
