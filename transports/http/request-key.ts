import type { GateHost } from "unigate/transport";
import type { RequestHead } from "./request-job.ts";

/** For callers whose `Authorization` header is meant for the worker. */
const keyHeader = "x-gate-key";

/** The key that came with a request, and the header that it came in: `X-Gate-Key`, else `Authorization: Bearer` (RFC 6750 section 2.1). */
export function keyOf({ headers }: RequestHead): { key: string | undefined; header: string | undefined } {
  const own = headers[keyHeader];
  if (typeof own === "string") return { key: own, header: keyHeader };
  const [, bearer] = /^bearer +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
  return bearer === undefined ? { key: undefined, header: undefined } : { key: bearer, header: "authorization" };
}

/**
 * Lets a request for `target` in, or throws `unauthenticated` or `permission_denied`.
 *
 * Gives the header that held the key: it is the gate's, and no worker sees it. Behind a public route, and at a gate without keys,
 * every header is the worker's.
 */
export function admit(gate: GateHost, request: RequestHead, target: string): string | undefined {
  if (!gate.isLocked || gate.isPublic(target)) return undefined;
  const { key, header } = keyOf(request);
  const refusal = gate.refusalToCall(gate.identify(key), target);
  if (refusal !== undefined) throw refusal;
  return header;
}
