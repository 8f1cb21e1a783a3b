/**
 * A gRPC upstream for callers that know no protobuf: jobs in JSON or msgpack become calls, their messages JSON or msgpack.
 */
import { type DescMethod, type FileRegistry, type JsonValue } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import {
  decodePayload,
  encodePayload,
  GateError,
  Job,
  type JobControl,
  jsonType,
  Metadata,
  type MethodInfo,
  msgpackType,
  type ReplySink,
} from "unigate/transport";
import { frameMessage } from "../messages/frame-message.ts";
import { type HttpBinding, httpBindings, requestMessage } from "./http-rule.ts";
import { type JsonMessage, jsonMessage } from "./json-message.ts";
import { JsonReply } from "./json-reply.ts";

interface JsonMethod {
  desc: DescMethod;
  input: JsonMessage;
  output: JsonMessage;
  bindings: readonly HttpBinding[];
}

/** Which methods of a set of descriptors are an upstream's, and what their targets begin with: its name, if it has one. */
export interface UpstreamMethods {
  protos: FileRegistry;
  prefix: string;
  /** Tells by `package.Service.Method`. */
  has(method: string): boolean;
}

/** Makes a call with the bytes of a gRPC message stream as payload and chunks. */
type MakeCall = (job: Job, sink: ReplySink) => JobControl;

/** Methods that jobs in any content type may call. */
export interface JsonCalls {
  has(target: string): boolean;
  /** Brings a job to a gRPC server by `call`. */
  send(job: Job, sink: ReplySink, call: MakeCall): JobControl;
}

/** What the upstream offers: every method as `package.Service.Method`, with its HTTP bindings unless its targets have a prefix. */
export function upstreamMethods(upstream: UpstreamMethods): MethodInfo[] {
  return methodsOf(upstream).map((method) => {
    const info: MethodInfo = { name: targetOf(method, upstream) };
    if (upstream.prefix === "") info.http = httpBindings(method).map(({ text }) => text);
    if (method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming") info.stream = true;
    if (method.idempotency !== IdempotencyLevel.IDEMPOTENCY_UNKNOWN) info.idempotent = true;
    return info;
  });
}

/**
 * Makes calls of jobs in JSON or msgpack, for the methods of `upstream`.
 *
 * A method that takes a stream is called with a list: one message for each of its values. Messages of an answer are `maxBytes` at most.
 */
export function jsonCalls(upstream: UpstreamMethods, maxBytes: number): JsonCalls {
  const { protos } = upstream;
  const methods = new Map<string, JsonMethod>(
    methodsOf(upstream).map((desc) => [
      targetOf(desc, upstream),
      { desc, input: jsonMessage(desc.input, protos), output: jsonMessage(desc.output, protos), bindings: httpBindings(desc) },
    ]),
  );
  const send = (job: Job, sink: ReplySink, call: MakeCall): JobControl => {
    try {
      const method = methods.get(job.target);
      if (method === undefined) throw new GateError("unimplemented", `${job.target} is in no .proto of its upstream; call it by gRPC`);
      const isStream = method.desc.methodKind === "server_streaming" || method.desc.methodKind === "bidi_streaming";
      const encode = (message: Uint8Array): Uint8Array => encodeReply(method.output.toJson(message, "internal"), job.accept);
      const reply = new JsonReply(sink, { isStream, maxBytes, encode });
      return reply.controlledBy(call(toCall(job, method), reply));
    } catch (error) {
      sink.fail(GateError.from(error, "internal"), true);
      return { cancel: () => {}, resume: () => {} };
    }
  };
  return { has: (target) => methods.has(target), send };
}

function toCall(job: Job, { desc, input, bindings }: JsonMethod): Job {
  return new Job({
    target: job.target,
    payload: Buffer.concat(messagesOf(job, desc, bindings).map((one) => frameMessage(input.fromJson(toBytes(one), "invalid_argument")))),
    contentType: "application/grpc",
    deadline: job.deadline,
    metadata: callMetadata(job.metadata, `/${desc.parent.typeName}/${desc.name}`),
    idempotent: job.idempotent,
  });
}

function messagesOf(job: Job, { input, methodKind }: DescMethod, bindings: readonly HttpBinding[]): JsonValue[] {
  const value = job.payload.length === 0 ? undefined : toJsonValue(decodePayload(job.payload, job.contentType));
  if (methodKind === "client_streaming" || methodKind === "bidi_streaming")
    return Array.isArray(value) ? value : value === undefined ? [] : [value];
  const name = job.metadata.get(":binding");
  const binding = bindings.find(({ text }) => text === name);
  if (binding !== undefined) return [requestMessage(input, binding, value, job.metadata)];
  // A list is positional arguments, and a gRPC method has one; only a ListValue is a list itself.
  if (!Array.isArray(value) || input.typeName === "google.protobuf.ListValue") return [value ?? {}];
  if (value.length > 1)
    throw new GateError("invalid_argument", `${job.target} takes one ${input.typeName}, ${value.length} arguments were passed`);
  return [value[0] ?? {}];
}

// What msgpack knows beyond JSON, bytes above all, becomes what the proto3 JSON mapping reads.
function toJsonValue(value: unknown): JsonValue {
  return JSON.parse(Buffer.from(encodePayload(value, jsonType)).toString()) as JsonValue;
}

function toBytes(value: JsonValue): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function encodeReply(json: string, accept: string): Uint8Array {
  return accept === msgpackType ? encodePayload(JSON.parse(json), msgpackType) : Buffer.from(json);
}

/** Headers of HTTP that say nothing to a gRPC server. */
const httpOnly =
  /^(?::.*|accept|accept-.*|content-.*|host|connection|cookie|origin|referer|user-agent|sec-.*|cache-control|pragma|x-timeout|connect-.*)$/;

function callMetadata(metadata: Metadata, path: string): Metadata {
  return Metadata.fromFlat([":path", path, ...[...metadata].filter(([key]) => !httpOnly.test(key)).flat()]);
}

function methodsOf(upstream: UpstreamMethods): DescMethod[] {
  const all = [...upstream.protos.files].flatMap((file) => file.services.flatMap(({ methods }) => methods));
  return all.filter((method) => upstream.has(nameOf(method)));
}

function targetOf(method: DescMethod, { prefix }: UpstreamMethods): string {
  return prefix + nameOf(method);
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}
