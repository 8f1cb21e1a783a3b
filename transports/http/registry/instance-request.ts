import { decodePayload, GateError, type Job, jsonType, methodOf } from "unigate/transport";
import { bindRequest, type RequestTemplate } from "../service/request-template.ts";
import { toUpstreamRequest, type UpstreamRequest } from "../upstream/upstream-request.ts";

/** Metadata that a service is told of a call: who asks, in which trace, and through which gates it came. */
const passedOn: ReadonlySet<string> = new Set(["traceparent", "tracestate", "baggage", "authorization", "via"]);

/** The request of a job for an instance: a plain one as it came, a declared method by its template. Throws `invalid_argument`. */
export function toInstanceRequest(methods: ReadonlyMap<string, RequestTemplate>, job: Job): UpstreamRequest {
  const template = methods.get(methodOf(job.target));
  return template === undefined ? toUpstreamRequest(job) : toDeclaredRequest(template, job);
}

// An HTTP service knows nothing of jobs: here, at the worker's side of the call, its arguments are read.
function toDeclaredRequest(template: RequestTemplate, job: Job): UpstreamRequest {
  if (job.streamsInput) throw new GateError("invalid_argument", `${job.target} takes no stream; pass its arguments`);
  const decoded = job.payload.length === 0 ? [] : decodePayload(job.payload, job.contentType);
  const { verb, path, body } = bindRequest(job.target, template, Array.isArray(decoded) ? decoded : [decoded]);
  const headers = ["accept", `${jsonType}, */*;q=0.5`, "x-request-id", job.id];
  for (const [key, value] of job.metadata) if (passedOn.has(key) && typeof value === "string") headers.push(key, value);
  if (body === undefined) return { method: verb, path, headers, body: null };
  return { method: verb, path, headers: [...headers, "content-type", jsonType], body: Buffer.from(JSON.stringify(body)) };
}
