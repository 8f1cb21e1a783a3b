import { type DescMessage, fromBinary, fromJson, type JsonValue, type Registry, toBinary, toJson } from "@bufbuild/protobuf";
import { type Code, GateError } from "unigate/transport";

/** The proto3 JSON mapping of one message type, bytes to bytes. Source: https://protobuf.dev/programming-guides/json/. */
export interface JsonMessage {
  readonly name: string;
  /** JSON text of a message, fields without presence included; throws `fault` for bytes that are none. */
  toJson(message: Uint8Array, fault: Code): string;
  /** The message of a JSON text; no text at all is the empty message. Throws `fault` for a text that is none. */
  fromJson(json: Uint8Array, fault: Code): Uint8Array;
}

/** `registry` knows the types that may be inside an `Any`, and the extensions. */
export function jsonMessage(type: DescMessage, registry: Registry): JsonMessage {
  return {
    name: type.typeName,
    toJson(message, fault) {
      try {
        return JSON.stringify(toJson(type, fromBinary(type, message), { registry, alwaysEmitImplicit: true }));
      } catch (error) {
        throw new GateError(fault, `the message is no ${type.typeName}: ${GateError.from(error).message}`, { cause: error });
      }
    },
    fromJson(json, fault) {
      try {
        const value = json.length === 0 ? {} : (JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.length).toString()) as JsonValue);
        // Null is a value of some types; of all others it is what a function without a result gives.
        const isNull = value === null && type.typeName !== "google.protobuf.Value";
        return toBinary(type, fromJson(type, isNull ? {} : value, { registry, ignoreUnknownFields: true }));
      } catch (error) {
        throw new GateError(fault, `the JSON is no ${type.typeName}: ${GateError.from(error).message}`, { cause: error });
      }
    },
  };
}
