import { GateError } from "../error/gate-error.ts";
import type { Job } from "../job/job.ts";
import { jsonType, msgpackType } from "../protocol/content-type.ts";
import { decodePayload } from "../protocol/payload.ts";

/** What came with a job. */
export interface DecodedBody {
  readonly args: readonly unknown[];
  /** Values of the bound HTTP path and of the query; undefined for a job without either. */
  readonly named: Readonly<Record<string, unknown>> | undefined;
  /** Tells whether the value of that name was written as text (path, query, form). */
  readonly isText: (name: string) => boolean;
}

const noneIsText = (): boolean => false;
const formType = "application/x-www-form-urlencoded";

/** Decodes a job's payload by its content type. Throws or rejects with `invalid_argument` for a body that is not what it says. */
export function decodeBody(job: Job): DecodedBody | Promise<DecodedBody> {
  const named = job.metadata.size === 0 ? undefined : namedValues(job);
  const textNames = named === undefined ? noneIsText : (name: string): boolean => name in named;
  if (job.payload.length === 0) return { args: [], named, isText: textNames };
  if (job.contentType === msgpackType || job.contentType === jsonType) {
    const value = decodePayload(job.payload, job.contentType);
    return { args: Array.isArray(value) ? value : [value], named, isText: textNames };
  }
  if (job.contentType === formType) {
    return { args: [collect(new URLSearchParams(String(decodePayload(job.payload, "text/plain"))))], named, isText: () => true };
  }
  if (job.contentType === "multipart/form-data")
    return decodeMultipart(job).then((fields) => ({
      args: [fields],
      named,
      isText: (name) => typeof fields[name] === "string" || textNames(name),
    }));
  return { args: [decodePayload(job.payload, job.contentType)], named, isText: textNames };
}

async function decodeMultipart(job: Job): Promise<Record<string, unknown>> {
  // The boundary is a parameter of the header; the job's own content type leaves parameters out.
  const type = job.metadata.get("content-type") ?? job.contentType;
  try {
    const form = await new Response(new Uint8Array(job.payload), { headers: { "content-type": type } }).formData();
    return collect(form);
  } catch (error) {
    throw new GateError("invalid_argument", `the payload is not valid ${job.contentType}: ${GateError.from(error).message}`, {
      cause: error,
    });
  }
}

function namedValues(job: Job): Record<string, unknown> | undefined {
  if (job.metadata.get(":binding") === undefined) return undefined;
  const query = job.metadata.get(":query") ?? "";
  const named = query === "" ? {} : collect(new URLSearchParams(query));
  let isEmpty = query === "";
  for (const [key, value] of job.metadata) {
    if (!key.startsWith(":param.")) continue;
    define(named, key.slice(":param.".length), value);
    isEmpty = false;
  }
  return isEmpty ? undefined : named;
}

/** Pairs as an object; a repeated key becomes a list. */
function collect(pairs: Iterable<[string, unknown]>): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of pairs) {
    const present = Object.hasOwn(object, key) ? object[key] : undefined;
    define(object, key, present === undefined ? value : Array.isArray(present) ? [...present, value] : [present, value]);
  }
  return object;
}

// An own property whatever its name: `__proto__` from a query must not reach the prototype.
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}
