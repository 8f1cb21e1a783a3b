import { createHash } from "node:crypto";
import { GateError } from "../error/gate-error.ts";

/** What a key may let its holder do: call methods, serve them, or steer the gate (drain a worker, retry a job). */
export type Permission = "call" | "work" | "admin";

export const permissions: readonly Permission[] = ["call", "work", "admin"];

/** A key that a gate takes. */
export interface AccessKey {
  /** Names its holder in logs. */
  readonly name: string;
  /** The key itself, or `sha256:` and the digest of it in hex, so that a config need not hold a secret. */
  readonly key: string;
  readonly may: readonly Permission[];
}

/** Whoever is at the other end of a link or a request. */
export interface Holder {
  readonly name: string;
  readonly may: readonly Permission[];
}

const anyone: Holder = { name: "anyone", may: permissions };

/**
 * The keys of a gate, kept as digests: comparing them tells nothing about a key, however long one watches the time it takes.
 *
 * A gate without keys lets everyone do everything.
 */
export class Keyring {
  readonly #holders: ReadonlyMap<string, Holder>;

  constructor(keys: readonly AccessKey[]) {
    this.#holders = new Map(keys.map(({ key, name, may }) => [digestOf(key), { name, may }]));
  }

  /** False when no key is needed. */
  get isLocked(): boolean {
    return this.#holders.size > 0;
  }

  /** Who holds `key`; throws `unauthenticated` for none and for one that is not known. */
  identify(key: string | undefined): Holder {
    if (!this.isLocked) return anyone;
    if (key === undefined || key === "")
      throw new GateError("unauthenticated", "this gate wants a key; pass it with --key, $GATE_KEY or `Authorization: Bearer …`");
    const holder = this.#holders.get(sha256(key));
    if (holder === undefined)
      throw new GateError("unauthenticated", "this gate does not know the key; `gate keys generate` makes one for its config");
    return holder;
  }
}

/** The keys of a config, and where there are any, `ownKey` for the workers that the gate starts itself. */
export function keyringOf(keys: readonly AccessKey[], ownKey: string): Keyring {
  if (keys.length === 0) return new Keyring([]);
  return new Keyring([...keys, { name: "the gate itself", key: ownKey, may: ["call", "work"] }]);
}

/** The refusal of a holder who may not do what it asked for; undefined when it may. */
export function refusalOf(holder: Holder, permission: Permission): GateError | undefined {
  if (holder.may.includes(permission)) return undefined;
  return new GateError("permission_denied", `the key of ${holder.name} may ${holder.may.join(" and ") || "do nothing"}, not ${permission}`);
}

/** `holder` with no more than `limit` allows: for whoever came a way on which even a good key may not do everything. */
export function limited(holder: Holder, limit: Holder | undefined): Holder {
  return limit === undefined ? holder : { name: limit.name, may: holder.may.filter((permission) => limit.may.includes(permission)) };
}

/** The form of a key that a config may hold in the open. */
export function digestOf(key: string): string {
  return key.startsWith(digestPrefix) ? key.slice(digestPrefix.length).toLowerCase() : sha256(key);
}

/** Tells whether a text can be a key in a config: a digest of the right length, or a secret that is long enough to be one. */
export function isKey(text: string): boolean {
  return text.startsWith(digestPrefix) ? /^sha256:[\da-f]{64}$/i.test(text) : text.length >= leastLength;
}

const digestPrefix = "sha256:";
const leastLength = 16;

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
