import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { bytesType, GateError, Job, jsonType, Metadata, type MetadataValue, msgpackType, parseDuration, textType } from "unigate/transport";

/** Headers that end at this hop. Source: RFC 9110 section 7.6.1. */
export const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "proxy-authenticate",
  "proxy-authorization",
]);

/** A bound route that a request came through. */
export interface RequestBinding {
  /** `POST /api/x/:id`. */
  binding: string;
  params: Readonly<Record<string, string | undefined>>;
}

/** A request as a job: the body travels as it came, the headers become metadata. Throws `invalid_argument` for a bad deadline header. */
export function toJob(request: IncomingMessage, body: Uint8Array, target: string, now: number, bound?: RequestBinding): Job {
  const { headers } = request;
  return new Job({
    target,
    payload: body,
    contentType: mediaType(headers["content-type"]) ?? jsonType,
    accept: acceptedType(headers.accept),
    deadline: deadlineOf(request, now),
    metadata: toMetadata(request, bound),
    // RFC 9110 section 9.2.1: GET and HEAD are safe. PUT and DELETE are idempotent by the RFC, but not by every handler.
    idempotent: request.method === "GET" || request.method === "HEAD" || headers["x-idempotent"] === "true",
  });
}

/** Tells whether the caller wants a stream as server-sent events. */
export function wantsEvents(request: IncomingMessage): boolean {
  return request.headers.accept?.includes("text/event-stream") === true;
}

function toMetadata(request: IncomingMessage, bound: RequestBinding | undefined): Metadata {
  const url = request.url ?? "/";
  const question = url.indexOf("?");
  const flat: MetadataValue[] = [":method", request.method ?? "GET", ":path", url];
  if (question >= 0) flat.push(":query", url.slice(question + 1));
  if (bound !== undefined) {
    flat.push(":binding", bound.binding);
    for (const [name, value] of Object.entries(bound.params)) if (value !== undefined) flat.push(`:param.${name}`, value);
  }
  const { rawHeaders } = request;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const key = (rawHeaders[at] as string).toLowerCase();
    if (!hopByHop.has(key)) flat.push(key, rawHeaders[at + 1] as string);
  }
  if (request.headers["x-request-id"] === undefined) flat.push("x-request-id", randomUUID());
  return Metadata.fromFlat(flat);
}

function deadlineOf({ headers }: IncomingMessage, now: number): number {
  const text = headers["x-timeout"] ?? headers["connect-timeout-ms"];
  if (text === undefined) return Infinity;
  const ms = typeof text === "string" ? parseDuration(text) : undefined;
  if (ms === undefined)
    throw new GateError("invalid_argument", `header x-timeout: ${JSON.stringify(text)} is not a duration; write one such as 30s`);
  return now + ms;
}

function mediaType(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const semicolon = header.indexOf(";");
  return (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
}

/** JSON unless the caller asks for one of the other types that a worker can write. */
function acceptedType(accept: string | undefined): string {
  if (accept === undefined || accept === "*/*" || accept === jsonType) return jsonType;
  for (const part of accept.split(",")) {
    const type = mediaType(part);
    if (type === jsonType || type === msgpackType || type === bytesType || type === textType) return type;
  }
  return jsonType;
}
