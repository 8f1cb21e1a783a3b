import { GateError, Job, Metadata } from "unigate/transport";
import { headerName } from "../header-name.ts";
import { namedByConnection } from "../hop-by-hop.ts";
import { newRequestId } from "../request-id.ts";
import { type ForwardedRequest, type Forwarding, pushForwarded } from "./forwarded.ts";

const noBody = Buffer.alloc(0);
/** Methods that may be sent again. Source: RFC 9110 section 9.2.2; a proxied server is taken at HTTP's word. */
const idempotentMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** What a proxied job is made of. */
export interface ProxiedRequest {
  request: ForwardedRequest;
  target: string;
  /** For the upstream, with the query. */
  path: string;
  forwarding: Forwarding;
  /** Headers in place of the caller's; null leaves one out. */
  headers?: Readonly<Record<string, string | null>> | undefined;
  /** The whole body, when it is small and here already; undefined when it streams. */
  body?: Uint8Array | undefined;
  streamsInput?: boolean;
  /** Protocol to change to. */
  upgrade?: string | undefined;
}

/** What the jobs of requests with the same head have in common. */
interface Common extends Pick<ProxiedRequest, "target" | "path" | "headers"> {
  /** All but the request's id, when the gate has to make one. */
  metadata: Metadata;
  hasId: boolean;
}

const known = new WeakMap<ForwardedRequest, Common>();

/** A request as a job that an upstream can repeat to the letter. Throws `invalid_argument` for what a proxy must not pass on. */
export function toProxiedJob(options: ProxiedRequest): Job {
  const { request, target, body, streamsInput = false } = options;
  const { metadata, hasId } = commonOf(options);
  return new Job({
    target,
    payload: body ?? noBody,
    contentType: request.headers["content-type"] ?? "application/octet-stream",
    accept: request.headers.accept ?? "*/*",
    metadata: hasId ? metadata : metadata.and("x-request-id", newRequestId()),
    idempotent: idempotentMethods.has(request.method ?? "GET"),
    streamsInput,
    setsPace: true,
  });
}

function commonOf(options: ProxiedRequest): Common {
  const { request, target, path, headers } = options;
  if (request.repeats !== true) return toCommon(options);
  const before = known.get(request);
  if (before !== undefined && before.target === target && before.path === path && before.headers === headers) return before;
  const common = toCommon(options);
  known.set(request, common);
  return common;
}

function toCommon({ request, target, path, forwarding, headers, upgrade }: ProxiedRequest): Common {
  const { rawHeaders, names } = request;
  const flat = [":method", request.method ?? "GET", ":path", path, ":remote", forwarding.callerOf(request)];
  if (upgrade !== undefined) flat.push(":upgrade", upgrade);
  const named = namedByConnection(request.headers.connection);
  const isBelieved = forwarding.believes(request);
  const said: Record<string, string> = {};
  let hosts = 0;
  let hasId = false;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = names?.[at / 2] ?? headerName(rawHeaders[at] as string);
    const value = rawHeaders[at + 1] as string;
    if (name === undefined || name.isOfTheHop) continue;
    const { lower } = name;
    if (named?.includes(lower) === true || headers?.[lower] !== undefined) continue;
    if (name.isForwarded) {
      if (isBelieved && lower !== "x-real-ip") said[lower] = said[lower] === undefined ? value : `${said[lower]}, ${value}`;
      continue;
    }
    if (lower === "host") hosts++;
    if (lower === "x-request-id") hasId = true;
    // The version of its own API that a caller asks for is not that of our worker: under another spelling, no pin.
    flat.push(lower === "x-api-version" ? "X-API-Version" : lower, value);
  }
  if (hosts > 1) throw new GateError("invalid_argument", "the request has more than one host");
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value === null) continue;
    flat.push(name, value);
    if (name === "x-request-id") hasId = true;
  }
  pushForwarded(flat, request, said);
  return { target, path, headers, hasId, metadata: request.repeats === true ? Metadata.shared(flat) : Metadata.fromFlat(flat) };
}
