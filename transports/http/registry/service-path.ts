import type { Forward } from "../proxy/forward.ts";
import { fetchMethod } from "./registration.ts";

/** Where a request under `/svc/{name}/…` goes: to the service of that name, without the prefix; undefined for any other path, and for a name that `knows` does not know. */
export function toServicePath(control: string, url: string, knows: (target: string) => boolean): Forward | undefined {
  const prefix = `${control}/svc/`;
  if (!url.startsWith(prefix)) return undefined;
  const [encoded = ""] = url.slice(prefix.length).split(/[/?#]/, 1);
  const target = `${decoded(encoded)}.${fetchMethod}`;
  if (!knows(target)) return undefined;
  const rest = url.slice(prefix.length + encoded.length);
  return {
    target,
    path: rest.startsWith("/") ? rest : `/${rest}`,
    // Where the service seems to live, for its links; a de-facto standard of reverse proxies.
    headers: { "x-forwarded-prefix": prefix + encoded },
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
