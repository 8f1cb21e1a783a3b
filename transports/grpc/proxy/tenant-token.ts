import type { errors, JWTVerifyGetKey, jwtVerify } from "jose";
import { type Clock, GateError } from "unigate/transport";
import type { TenantOptions } from "./tenant-options.ts";

/** Tells whose a call with a token is; rejects with `unauthenticated`, or `unavailable` while the keys cannot be read. */
export type TenantOf = (token: string | readonly string[] | undefined) => Promise<string>;

/** A key set's algorithms: none with a shared secret, or a public key could pass for one. */
const publicAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

/** Metadata key, or HTTP header, of the token. */
export function tokenKeyOf({ metadata = "authorization" }: TenantOptions): string {
  return metadata.toLowerCase();
}

/** Reads the tenant from the token of a call. */
export function readTenants(options: TenantOptions, clock: Clock): TenantOf {
  const { claim = "tenant", issuer, audience, secret } = options;
  const algorithms = secret === undefined ? publicAlgorithms : ["HS256"];
  const expected = { algorithms, ...(issuer === undefined ? {} : { issuer }), ...(audience === undefined ? {} : { audience }) };
  let keys: Promise<Keys> | undefined;
  return async (given) => {
    const token = /^(?:bearer +)?(\S+)$/i.exec(String(given ?? ""))?.[1];
    if (token === undefined) throw new GateError("unauthenticated", `the call brings no token: send one as ${tokenKeyOf(options)}`);
    // The library loads only where tenants are.
    keys ??= loadKeys(options);
    const { verify, key, errors: kinds } = await keys;
    try {
      const { payload } = await verify(token, key as JWTVerifyGetKey, { ...expected, currentDate: new Date(clock.date()) });
      const tenant = payload[claim];
      if (typeof tenant === "string" && tenant !== "") return tenant;
    } catch (error) {
      throw refusal(error, kinds);
    }
    throw new GateError("unauthenticated", `the token has no claim ${JSON.stringify(claim)} that names a tenant`);
  };
}

interface Keys {
  verify: typeof jwtVerify;
  key: Uint8Array | JWTVerifyGetKey;
  errors: typeof errors;
}

async function loadKeys({ secret, jwks }: TenantOptions): Promise<Keys> {
  const { jwtVerify: verify, createRemoteJWKSet, errors: kinds } = await import("jose");
  return { verify, errors: kinds, key: secret === undefined ? createRemoteJWKSet(new URL(jwks as string)) : Buffer.from(secret) };
}

function refusal(error: unknown, kinds: typeof errors): GateError {
  const { message } = GateError.from(error);
  const isOfToken = error instanceof kinds.JOSEError && error.code !== "ERR_JOSE_GENERIC";
  const isOfKeys = error instanceof kinds.JWKSTimeout || error instanceof kinds.JWKSInvalid;
  if (isOfToken && !isOfKeys) return new GateError("unauthenticated", `the token does not hold: ${message}`, { cause: error });
  return new GateError("unavailable", `the keys of tokens cannot be read: ${message}`, { cause: error });
}
