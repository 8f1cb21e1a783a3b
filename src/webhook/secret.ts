import { createHmac, timingSafeEqual } from "node:crypto";
import type { ConfigFault } from "../config/fault.ts";

/** What every sender's preset is made with. */
export interface SecretOptions {
  /** What the sender signs with; several while one replaces another. */
  secret: string | readonly string[];
}

/** The faults of a secret. `isWellFormed` tells whether one of them can be what the sender gives out. */
export function secretFaults({ secret }: SecretOptions, isWellFormed: (secret: string) => boolean = () => true): ConfigFault[] {
  const secrets: unknown[] = [secret].flat();
  const isFine = secrets.length > 0 && secrets.every((one) => typeof one === "string" && one !== "" && isWellFormed(one));
  if (isFine) return [];
  return [
    {
      path: "secret",
      problem: "is missing or malformed",
      remedy: "write what the sender shows for this webhook; keep it in the environment",
    },
  ];
}

/** Tells whether one of the keys signs the parts, put together, with one of the signatures; takes as long for a wrong one as for a right one. */
export function isSigned(signed: {
  keys: readonly (string | Uint8Array)[];
  parts: readonly (string | Uint8Array)[];
  signatures: readonly string[];
  encoding: "hex" | "base64";
}): boolean {
  return signed.keys.some((key) => {
    const hmac = createHmac("sha256", key);
    for (const part of signed.parts) hmac.update(part);
    const expected = hmac.digest();
    return signed.signatures.some((text) => {
      const given = Buffer.from(text, signed.encoding);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  });
}

/** Signatures that a request may bring: more are more work than anyone's key change needs. */
export const mostSignatures = 8;

/** The keys as they are written. */
export function keysOf({ secret }: SecretOptions): readonly string[] {
  return [secret].flat() as readonly string[];
}
