import { create, fromBinary, fromJson, type JsonObject, toBinary, toJson } from "@bufbuild/protobuf";
import { anyPack, anyUnpack, StructSchema } from "@bufbuild/protobuf/wkt";
import { type Code, codes, GateError } from "unigate/transport";
import { StatusSchema } from "../schema/rpc-status.ts";
import type { OutgoingHttpHeaders, IncomingHttpHeaders } from "node:http2";

/** Largest `grpc-message` and details, encoded: peers limit their header lists, most to 8 KiB. */
const maxMessageLength = 3000;
const maxDetailBytes = 2000;

/** The trailers that say how a call ended; no error is `ok`. */
export function statusTrailers(error?: GateError): OutgoingHttpHeaders {
  if (error === undefined) return { "grpc-status": "0" };
  const trailers: OutgoingHttpHeaders = {
    "grpc-status": String(statusOf(error.code)),
    "grpc-message": shortMessage(error.message),
  };
  const details = detailsOf(error);
  if (details !== undefined) trailers["grpc-status-details-bin"] = details;
  return trailers;
}

/** The error of a call's trailers, or undefined for `ok`. Trailers without a status are `unknown`. */
export function errorOfTrailers(trailers: IncomingHttpHeaders): GateError | undefined {
  const status = Number(trailers["grpc-status"] ?? Number.NaN);
  if (status === 0) return undefined;
  const message = trailers["grpc-message"];
  const details = trailers["grpc-status-details-bin"];
  return new GateError(
    codes[status - 1] ?? "unknown",
    typeof message === "string" ? decodeMessage(message) : Number.isNaN(status) ? "the call ended without a grpc-status" : "no message",
    typeof details === "string" ? { details: structOf(details) } : {},
  );
}

/** `grpc-message` as it may stand in a header. Source: the gRPC protocol over HTTP/2, `Percent-Encoded`. */
export function encodeMessage(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^ -$&-~]/gu, (one) =>
      [...Buffer.from(one)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
    );
}

/** Undoes `encodeMessage`; what is not well encoded stays as it came. */
export function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The number of a code on the wire: its place in the list, `ok` being 0. */
function statusOf(code: Code): number {
  return codes.indexOf(code) + 1;
}

function shortMessage(text: string): string {
  const encoded = encodeMessage(text);
  return encoded.length <= maxMessageLength ? encoded : shortMessage(text.slice(0, Math.floor(text.length / 2)));
}

// Details are the caller's bonus: what does not fit or is no plain data stays at home.
function detailsOf(error: GateError): string | undefined {
  if (error.details === undefined) return undefined;
  try {
    const struct = fromJson(StructSchema, JSON.parse(JSON.stringify(error.details)) as JsonObject);
    const status = create(StatusSchema, {
      code: statusOf(error.code),
      message: error.message,
      details: [anyPack(StructSchema, struct)],
    });
    const bytes = toBinary(StatusSchema, status);
    return bytes.length > maxDetailBytes ? undefined : Buffer.from(bytes).toString("base64").replaceAll("=", "");
  } catch {
    return undefined;
  }
}

function structOf(details: string): Record<string, unknown> {
  try {
    for (const any of fromBinary(StatusSchema, Buffer.from(details, "base64")).details) {
      const struct = anyUnpack(any, StructSchema);
      if (struct !== undefined) return toJson(StructSchema, struct) as Record<string, unknown>;
    }
  } catch {
    // Another server's bytes: the code and the message have arrived all the same.
  }
  return {};
}
