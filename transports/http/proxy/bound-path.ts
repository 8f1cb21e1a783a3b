import type { Match } from "../bindings.ts";
import type { Forward } from "./forward.ts";

/**
 * Where a request goes that `ANY /app/*` has matched: to the method, without what stands before the `*`. `url` is as on the wire.
 *
 * `via` has the gates that it came through, this one included: a worker that knows nothing of them asks the server.
 */
export function toBoundPath({ target, binding }: Match, url: string, via: string): Forward {
  const depth = binding.split("/").indexOf("*");
  if (depth < 0) return { target, path: url, headers: { via, "x-forwarded-prefix": null } };
  const bare = bareOf(url);
  const segments = bare.split("/");
  const prefix = segments.slice(0, depth).join("/");
  return {
    target,
    path: `/${segments.slice(depth).join("/")}${url.slice(bare.length)}`,
    headers: { via, "x-forwarded-prefix": prefix === "" ? null : prefix },
  };
}

/** The URL of a site that was asked for without the slash at its end, where its links would lead astray; undefined for any other request. */
export function slashMissing({ binding }: Match, url: string): string | undefined {
  const bare = bareOf(url);
  const isSite = binding.endsWith("/*") && !bare.endsWith("/");
  return isSite && bare.split("/").length < binding.split("/").length ? `${bare}/${url.slice(bare.length)}` : undefined;
}

function bareOf(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? url;
}
