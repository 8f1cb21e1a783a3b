/**
 * Services of .proto files whose methods are served by workers on any transport: a message becomes JSON for the worker, its JSON a message.
 */
import type { DescMethod, FileRegistry } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { GateError, type GateHost, Job, jsonType, type Metadata } from "unigate/transport";
import type { CallHandler } from "../messages/call-stream.ts";
import { type CallTaker, type MethodShape, type ServerCall, takesMany, takesOne } from "../messages/serve-call.ts";
import { admit } from "../native/admit.ts";
import { type JsonMessage, jsonMessage } from "./json-message.ts";

/** The handlers of every method in `protos`, by path. */
export function workerMethods(gate: GateHost, protos: FileRegistry): [path: string, handler: CallHandler][] {
  const targetOf = createTargets(gate);
  const methods: [string, CallHandler][] = [];
  for (const file of protos.files) {
    for (const service of file.services) {
      for (const method of service.methods)
        methods.push([`/${service.typeName}/${method.name}`, workerMethod(gate, protos, method, () => targetOf(method))]);
    }
  }
  return methods;
}

let calls = 0;

function workerMethod(gate: GateHost, protos: FileRegistry, method: DescMethod, targetOf: () => string): CallHandler {
  const input = jsonMessage(method.input, protos);
  const output = jsonMessage(method.output, protos);
  const isClientStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const shape: MethodShape = {
    maxBytes: gate.maxPayloadBytes,
    isStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    encode: (payload, head) => encodeReply(output, payload, head),
  };
  const dispatch = (call: ServerCall, payload: Uint8Array, streamsInput: boolean): ReturnType<GateHost["dispatch"]> => {
    const target = targetOf();
    return gate.dispatch(
      new Job({
        target,
        payload,
        contentType: jsonType,
        accept: jsonType,
        deadline: gate.clock.now() + call.timeoutMs,
        metadata: admit(gate, call.metadata, target),
        idempotent: method.idempotency !== IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
        streamsInput,
        origin: "grpc",
        number: ++calls,
      }),
      call.reply,
    );
  };
  if (isClientStream) return takesMany(shape, (call) => streamInput(call, input, () => dispatch(call, new Uint8Array(0), true)));
  // In a list, so that a message which is a list in JSON is one argument too.
  return takesOne(shape, (message, call) =>
    call.reply.controlledBy(dispatch(call, Buffer.from(`[${input.toJson(message, "invalid_argument")}]`), false)),
  );
}

/** The messages of a client become the input of its job, as fast as the worker reads them. */
function streamInput(call: ServerCall, input: JsonMessage, dispatch: () => ReturnType<GateHost["dispatch"]>): CallTaker {
  let resume = (): void => {};
  const control = dispatch();
  call.reply.controlledBy(control, () => resume());
  return {
    start: (go) => (resume = go),
    message: (message) => control.input?.(Buffer.from(input.toJson(message, "invalid_argument"))) ?? true,
    end: () => control.endInput?.(),
    failed: (error) => control.cancel(error.message),
  };
}

function encodeReply(output: JsonMessage, payload: Uint8Array, head: Metadata): Uint8Array {
  const type = head.get("content-type") ?? jsonType;
  if (type !== jsonType) throw new GateError("internal", `the worker answered in ${type}; a ${output.name} is made of ${jsonType}`);
  return output.fromJson(payload, "internal");
}

/**
 * Names the target of a method: the service by its full or its short name, the method as written or with a small first letter,
 * whichever is known. `echo.v1.Echo/Say` is `echo.v1.Echo.Say`, `echo.v1.Echo.say`, `Echo.Say` or `Echo.say`; the last when none is.
 */
function createTargets(gate: GateHost): (method: DescMethod) => string {
  let known: ReadonlySet<string> | undefined;
  gate.onMethodsChanged(() => (known = undefined));
  return (method) => {
    known ??= new Set(gate.methods().map(({ name }) => name));
    const small = method.name.charAt(0).toLowerCase() + method.name.slice(1);
    const names = [method.parent.typeName, method.parent.name].flatMap((service) => [`${service}.${method.name}`, `${service}.${small}`]);
    return names.find((name) => known?.has(name) === true) ?? `${method.parent.name}.${small}`;
  };
}
