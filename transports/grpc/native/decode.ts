import { fromBinary, type Message } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { GateError } from "unigate/transport";

/** Decodes a message; throws `invalid_argument` when it is not one. */
export function decode<Shape extends Message>(schema: GenMessage<Shape>, message: Uint8Array): Shape {
  try {
    return fromBinary(schema, message);
  } catch (error) {
    throw new GateError("invalid_argument", `the message is no ${schema.typeName}: ${GateError.from(error).message}`, { cause: error });
  }
}
