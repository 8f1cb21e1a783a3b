import { decodePayload, GateError } from "unigate/transport";
import { errorOfResponse } from "./response-error.ts";
import { unreachable } from "./try-error.ts";

/** One request, for whichever instance gets it. */
export interface SentRequest {
  verb: string;
  /** With its query. */
  path: string;
  /** JSON. */
  body: Uint8Array<ArrayBuffer> | undefined;
  headers: Readonly<Record<string, string>>;
}

/** The bounds of one try. */
export interface TryLimits {
  /** A whole number. */
  timeoutMs: number;
  maxResponseBytes: number;
  accept: string;
}

/**
 * Sends a request to one instance and reads its answer: JSON as a value, text as text, anything else as bytes, nothing as undefined.
 *
 * Throws `unavailable` for an instance that cannot be reached or breaks off, `deadline_exceeded` for one that is too slow,
 * `resource_exhausted` for an answer that is too large, and the error of a status that is no success.
 */
export async function sendRequest(instance: string, target: string, request: SentRequest, limits: TryLimits): Promise<unknown> {
  const { verb, path, body } = request;
  const headers = { accept: limits.accept, ...(body === undefined ? {} : { "content-type": "application/json" }), ...request.headers };
  const signal = AbortSignal.timeout(limits.timeoutMs);
  const init: RequestInit = { method: verb, headers, signal, redirect: "manual", body: body ?? null };
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(instance + path, init);
    bytes = await readBounded(response, limits.maxResponseBytes, target);
  } catch (error) {
    if (signal.aborted)
      throw new GateError("deadline_exceeded", `${instance} did not answer ${target} within ${limits.timeoutMs} ms`, {
        cause: error,
      });
    throw unreachable(instance, error);
  }
  if (!response.ok) throw errorOfResponse(response.status, new TextDecoder().decode(bytes.subarray(0, 4096)), `${target} at ${instance}`);
  if (bytes.length === 0) return undefined;
  const [type = ""] = (response.headers.get("content-type") ?? "").split(";", 1);
  try {
    return decodePayload(bytes, type.trim().toLowerCase());
  } catch (error) {
    throw new GateError("internal", `${target} at ${instance} answered what is not ${type}`, { cause: error });
  }
}

async function readBounded(response: Response, limit: number, target: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    if (length > limit)
      throw new GateError("resource_exhausted", `the answer of ${target} is larger than maxResponse, ${limit} bytes`, { retryable: false });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
