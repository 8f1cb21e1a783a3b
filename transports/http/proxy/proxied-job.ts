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

/** A request as a job that an upstream can repeat to the letter. Throws `invalid_argument` for what a proxy must not pass on. */
export function toProxiedJob(options: ProxiedRequest): Job {
  const { request, target, path, forwarding, headers, body, streamsInput = false, upgrade } = options;
  const { rawHeaders } = request;
  const method = request.method ?? "GET";
  const flat = [":method", method, ":path", path, ":remote", forwarding.callerOf(request)];
  if (upgrade !== undefined) flat.push(":upgrade", upgrade);
  const named = namedByConnection(request.headers.connection);
  const isBelieved = forwarding.believes(request);
  const said: Record<string, string> = {};
  let hosts = 0;
  let hasId = false;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const known = headerName(rawHeaders[at] as string);
    const value = rawHeaders[at + 1] as string;
    if (known === undefined || known.isOfTheHop) continue;
    const name = known.lower;
    if (named?.includes(name) === true || headers?.[name] !== undefined) continue;
    if (known.isForwarded) {
      if (isBelieved && name !== "x-real-ip") said[name] = said[name] === undefined ? value : `${said[name]}, ${value}`;
      continue;
    }
    if (name === "host") hosts++;
    if (name === "x-request-id") hasId = true;
    // The version of its own API that a caller asks for is not that of our worker: under another spelling, no pin.
    flat.push(name === "x-api-version" ? "X-API-Version" : name, value);
  }
  if (hosts > 1) throw new GateError("invalid_argument", "the request has more than one host");
  for (const [name, value] of Object.entries(headers ?? {})) if (value !== null) flat.push(name, value);
  if (!hasId) flat.push("x-request-id", newRequestId());
  pushForwarded(flat, request, said);
  return new Job({
    target,
    payload: body ?? noBody,
    contentType: request.headers["content-type"] ?? "application/octet-stream",
    accept: request.headers.accept ?? "*/*",
    metadata: Metadata.fromFlat(flat),
    idempotent: idempotentMethods.has(method),
    streamsInput,
    setsPace: true,
  });
}
