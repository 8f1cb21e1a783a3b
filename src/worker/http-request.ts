import type { Metadata } from "../job/metadata.ts";
import type { HttpRequestInfo } from "./job-context.ts";

/** The HTTP request that a job's metadata tells of, or undefined for a job of another transport. */
export function httpRequestOf(metadata: Metadata): HttpRequestInfo | undefined {
  const method = metadata.get(":method");
  if (method === undefined) return undefined;
  const params: [string, string][] = [];
  for (const [key, value] of metadata) {
    if (key.startsWith(":param.") && typeof value === "string") params.push([key.slice(":param.".length), value]);
  }
  return {
    method,
    path: metadata.get(":path") ?? "",
    query: new URLSearchParams(metadata.get(":query") ?? ""),
    params: Object.fromEntries(params),
  };
}
