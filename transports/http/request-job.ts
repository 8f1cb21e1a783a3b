import type { IncomingMessage } from "node:http";
import { bytesType, GateError, Job, jsonType, Metadata, type MetadataValue, msgpackType, parseDuration, textType } from "unigate/transport";
import { type HeaderName, headerName } from "./header-name.ts";
import { namedByConnection } from "./hop-by-hop.ts";
import { newRequestId } from "./request-id.ts";

/** A request without its body: node's, or one that looks like it. */
export type RequestHead = Pick<IncomingMessage, "method" | "url" | "headers" | "rawHeaders"> & {
  /** Others of its connection are given this very object. */
  repeats?: boolean;
  /** What the names of `rawHeaders` mean, where somebody has looked already. */
  names?: readonly HeaderName[];
};

/** A bound route that a request came through. */
export interface RequestBinding {
  /** `POST /api/x/:id`. */
  binding: string;
  params: Readonly<Record<string, string | undefined>>;
}

/** What a job is made of. */
export interface JobRequest {
  request: RequestHead;
  body: Uint8Array;
  target: string;
  /** Address of the caller. */
  remote: string;
  /** On the gate's clock, in ms. */
  now: number;
  bound?: RequestBinding | undefined;
  /** The header that held the gate's key; no worker sees it. */
  keyHeader?: string | undefined;
}

/** A request as a job: the body travels as it came, the headers become metadata. Throws `invalid_argument` for a bad deadline header. */
export function toJob({ request, body, target, remote, now, bound, keyHeader }: JobRequest): Job {
  const { headers } = request;
  return new Job({
    target,
    payload: body,
    contentType: mediaType(headers["content-type"]) ?? jsonType,
    accept: acceptedType(headers.accept),
    deadline: deadlineOf(request, now),
    metadata: metadataOf(request, remote, bound, keyHeader),
    // RFC 9110 section 9.2.1: GET and HEAD are safe. PUT and DELETE are idempotent by the RFC, but not by every handler.
    idempotent: request.method === "GET" || request.method === "HEAD" || headers["x-idempotent"] === "true",
  });
}

/** Tells whether the caller wants a stream as server-sent events. */
export function wantsEvents(request: RequestHead): boolean {
  return request.headers.accept?.includes("text/event-stream") === true;
}

/** The caller's `x-request-id`, else a new one. */
export function requestIdOf({ headers }: RequestHead): string {
  const id = headers["x-request-id"];
  return typeof id === "string" && id !== "" ? id : newRequestId();
}

/** What the jobs of requests with the same head have in common. */
interface Common {
  binding: string | undefined;
  keyHeader: string | undefined;
  metadata: Metadata;
}

const known = new WeakMap<RequestHead, Common>();

function metadataOf(request: RequestHead, remote: string, bound: RequestBinding | undefined, keyHeader: string | undefined): Metadata {
  const metadata = commonOf(request, remote, bound, keyHeader);
  return request.headers["x-request-id"] ? metadata : metadata.and("x-request-id", newRequestId());
}

function commonOf(request: RequestHead, remote: string, bound: RequestBinding | undefined, keyHeader: string | undefined): Metadata {
  if (request.repeats !== true) return Metadata.fromFlat(toFlat(request, remote, bound, keyHeader));
  const before = known.get(request);
  const binding = bound?.binding;
  if (before !== undefined && before.binding === binding && before.keyHeader === keyHeader) return before.metadata;
  const metadata = Metadata.shared(toFlat(request, remote, bound, keyHeader));
  known.set(request, { binding, keyHeader, metadata });
  return metadata;
}

// No header can pass for one of our own keys: the parser refuses a name that starts with ":".
function toFlat(
  request: RequestHead,
  remote: string,
  bound: RequestBinding | undefined,
  keyHeader: string | undefined,
): readonly MetadataValue[] {
  const url = request.url ?? "/";
  const question = url.indexOf("?");
  const flat: MetadataValue[] = [":method", request.method ?? "GET", ":path", url, ":remote", remote];
  if (question >= 0) flat.push(":query", url.slice(question + 1));
  if (bound !== undefined) {
    flat.push(":binding", bound.binding);
    for (const [name, value] of Object.entries(bound.params)) if (value !== undefined) flat.push(`:param.${name}`, value);
  }
  const { rawHeaders, names } = request;
  const named = namedByConnection(request.headers.connection);
  const hasId = Boolean(request.headers["x-request-id"]);
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = names?.[at / 2] ?? headerName(rawHeaders[at] as string);
    if (name === undefined || name.isOfTheHop) continue;
    const { lower } = name;
    if (lower === keyHeader || named?.includes(lower) === true || (!hasId && lower === "x-request-id")) continue;
    flat.push(lower, rawHeaders[at + 1] as string);
  }
  return flat;
}

/** Ours, gRPC's and Connect's; the first that is there holds. */
const deadlineHeaders: readonly [name: string, example: string, toMs: (text: string) => number | undefined][] = [
  ["x-timeout", "30s", parseDuration],
  ["grpc-timeout", "30S", grpcTimeoutMs],
  ["connect-timeout-ms", "30000", (text) => (/^\d{1,10}$/.test(text) ? Number(text) : undefined)],
];

function deadlineOf({ headers }: RequestHead, now: number): number {
  for (const [name, example, toMs] of deadlineHeaders) {
    const text = headers[name];
    if (text === undefined) continue;
    const ms = toMs(String(text));
    if (ms !== undefined) return now + ms;
    throw new GateError("invalid_argument", `header ${name}: ${JSON.stringify(text)} is not a duration; write one such as ${example}`);
  }
  return Infinity;
}

const grpcUnitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** At most eight digits and a unit. Source: the gRPC protocol over HTTP/2, `Timeout`. */
function grpcTimeoutMs(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (grpcUnitMs[unit] as number);
}

/** The media type of a header, parameters left out. */
export function mediaType(header: string | undefined): string | undefined {
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
