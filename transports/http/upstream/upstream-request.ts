import { type Job, methodOf } from "unigate/transport";
import { headerName } from "../header-name.ts";

/** Methods whose requests say that they have no body, when they have none. Source: RFC 9110 section 8.6. */
export const expectingBody: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** One request as an upstream sends it. */
export interface UpstreamRequest {
  method: string;
  /** With its query, percent-encoded as it came. */
  path: string;
  /** Name, value, name, value, …, names in lower case; hop-by-hop headers left out. The upstream changes it. */
  headers: string[];
  /** The protocol to change to, such as `websocket`. */
  upgrade?: string | undefined;
  /** In place of the job's payload; null for no body. */
  body?: Uint8Array | null;
}

/** The request that a job stands for: its own when it came in over HTTP, else a POST of its payload to `/method`. */
export function toUpstreamRequest(job: Job): UpstreamRequest {
  const request: UpstreamRequest = { method: "POST", path: "", headers: [] };
  const { flat } = job.metadata;
  const { headers } = request;
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const key = flat[at] as string;
    const value = flat[at + 1] as string | Uint8Array;
    const text = typeof value === "string" ? value : Buffer.from(value).toString("base64");
    // What is not HTTP's to carry: the doors' own keys, and headers that end at each hop.
    if (key.charCodeAt(0) === 58) takeOwn(request, key, text);
    else if (headerName(key)?.isOfTheHop !== true && key !== "expect") headers.push(key, text);
  }
  if (request.path !== "") return request;
  request.path = `/${methodOf(job.target)}`;
  if (job.payload.length > 0 || job.streamsInput) headers.push("content-type", job.contentType);
  headers.push("accept", job.accept);
  return request;
}

function takeOwn(request: UpstreamRequest, key: string, value: string): void {
  if (key === ":method") request.method = value;
  else if (key === ":path") request.path = value;
  else if (key === ":upgrade") request.upgrade = value;
}
