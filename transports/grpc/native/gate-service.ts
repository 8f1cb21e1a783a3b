import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { GateError, type GateHost, Job, jsonType, type Metadata, type MethodInfo } from "unigate/transport";
import type { CallHandler } from "../messages/call-stream.ts";
import { type ServerCall, takesOne } from "../messages/serve-call.ts";
import { CallReplySchema, CallRequestSchema, DiscoverReplySchema, DiscoverRequestSchema, type MethodSchema } from "../schema/gate.ts";
import { admit } from "./admit.ts";
import { decode } from "./decode.ts";

/** `Call`, `CallStream` and `Discover` of `gate.v1.Gate`, by path. */
export function gateService(gate: GateHost): [path: string, handler: CallHandler][] {
  let calls = 0;
  const dispatch = (message: Uint8Array, call: ServerCall): void => {
    const request = decode(CallRequestSchema, message);
    if (!/^[^\s.][^\s]*\.[^\s.]+$/.test(request.target))
      throw new GateError("invalid_argument", `target ${JSON.stringify(request.target)} is not one; write Service.method`);
    const contentType = request.contentType === "" ? jsonType : request.contentType;
    const job = new Job({
      target: request.target,
      payload: request.payload,
      contentType,
      accept: request.accept === "" ? contentType : request.accept,
      deadline: gate.clock.now() + call.timeoutMs,
      metadata: admit(gate, call.metadata, request.target),
      idempotent: request.idempotent,
      origin: "grpc",
      number: ++calls,
    });
    call.reply.controlledBy(gate.dispatch(job, call.reply));
  };
  const maxBytes = gate.maxPayloadBytes + 1024;
  return [
    ["/gate.v1.Gate/Call", takesOne({ maxBytes, isStream: false, encode: toReply }, dispatch)],
    ["/gate.v1.Gate/CallStream", takesOne({ maxBytes, isStream: true, encode: toReply }, dispatch)],
    [
      "/gate.v1.Gate/Discover",
      takesOne({ maxBytes: 1024, isStream: false }, (message, { reply, metadata }) => {
        admit(gate, metadata, "Gate.services");
        const { service } = decode(DiscoverRequestSchema, message);
        reply.end(toBinary(DiscoverReplySchema, discover(gate, service)));
      }),
    ],
  ];
}

function toReply(payload: Uint8Array, head: Metadata): Uint8Array {
  return toBinary(CallReplySchema, create(CallReplySchema, { payload, contentType: head.get("content-type") ?? "" }));
}

function discover(gate: GateHost, service: string): MessageShape {
  const services = gate.status.services().filter(({ name }) => service === "" || name === service);
  return create(DiscoverReplySchema, {
    services: services.map(({ name, workers, methods }) => ({ name, workers, methods: methods.map(toMethod) })),
  });
}

type MessageShape = ReturnType<typeof create<typeof DiscoverReplySchema>>;

function toMethod({ input, ...info }: MethodInfo): MessageInitShape<typeof MethodSchema> {
  return { ...info, inputSchema: input === undefined ? "" : JSON.stringify(input) };
}
