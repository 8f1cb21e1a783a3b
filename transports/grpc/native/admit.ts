import { type GateHost, Metadata } from "unigate/transport";

/** For callers whose `authorization` is meant for the worker. */
const keyHeader = "x-gate-key";

/**
 * Lets a call of `target` in, or throws `unauthenticated` or `permission_denied`. The key is metadata: `x-gate-key`, else
 * `authorization: Bearer …`.
 *
 * Gives the metadata that is the worker's: without the entry that held the key. Of a public target, and at a gate without keys, that is
 * all of it.
 */
export function admit(gate: GateHost, metadata: Metadata, target: string): Metadata {
  if (!gate.isLocked || gate.isPublic(target)) return metadata;
  const own = metadata.get(keyHeader);
  const [, bearer] = /^bearer +(\S+)$/i.exec(metadata.get("authorization") ?? "") ?? [];
  const refusal = gate.refusalToCall(gate.identify(own ?? bearer), target);
  if (refusal !== undefined) throw refusal;
  const holding = own === undefined ? "authorization" : keyHeader;
  return Metadata.fromFlat([...metadata].filter(([key]) => key !== holding).flat());
}
