import type { ConfigFault } from "unigate/transport";

/** Who may call an upstream, and how much of it is kept for whom: every call brings a signed token (JWT) that names its tenant. */
export interface TenantOptions {
  /** Tokens are signed by HS256 with it: 32 bytes or more. This or `jwks`. */
  secret?: string;
  /** URL of the JSON Web Key Set whose keys sign the tokens; read when needed, and again when a token names a key that it has not. */
  jwks?: string;
  /** What `iss` and `aud` of a token must be; default anything. */
  issuer?: string;
  audience?: string;
  /** Claim that names the tenant; default `"tenant"`. */
  claim?: string;
  /** Metadata key of the token, after `Bearer` or alone; default `"authorization"`. At a gate with keys, callers bring theirs as `x-gate-key`. */
  metadata?: string;
  /** Part of the pool that is kept for a tenant, from 0 to 1; what nobody has reserved is for all. */
  shares?: Readonly<Record<string, number>>;
}

const keys = ["secret", "jwks", "issuer", "audience", "claim", "metadata", "shares"];
/** A shorter one can be guessed. Source: RFC 7518 section 3.2. */
const minSecretBytes = 32;

/** Every fault of `tenants`. */
export function tenantFaults(path: string, options: TenantOptions): ConfigFault[] {
  const remedy = 'write { secret: process.env.TENANT_SECRET } or { jwks: "https://…/jwks.json" }';
  if (typeof options !== "object" || options === null) return [{ path, problem: "is not an object", remedy }];
  const faults: ConfigFault[] = [];
  const { secret, jwks, shares = {} } = options;
  if ((secret === undefined) === (jwks === undefined)) faults.push({ path, problem: "needs a secret or a jwks, and one of them", remedy });
  if (secret !== undefined && !(typeof secret === "string" && Buffer.byteLength(secret) >= minSecretBytes))
    faults.push({ path: `${path}.secret`, problem: `is shorter than ${minSecretBytes} bytes`, remedy: "make one: openssl rand -hex 32" });
  if (jwks !== undefined && !isHttpUrl(jwks)) faults.push({ path: `${path}.jwks`, problem: "is not a URL", remedy: "write https://…" });
  for (const name of ["issuer", "audience", "claim", "metadata"] as const) {
    const value = options[name];
    if (value !== undefined && !(typeof value === "string" && value !== ""))
      faults.push({ path: `${path}.${name}`, problem: "is not a text", remedy: "write one, or leave it out" });
  }
  faults.push(...shareFaults(`${path}.shares`, shares));
  for (const key of Object.keys(options)) {
    if (!keys.includes(key)) faults.push({ path: `${path}.${key}`, problem: "is not a known key", remedy: `known are ${keys.join(", ")}` });
  }
  return faults;
}

function shareFaults(path: string, shares: Readonly<Record<string, number>>): ConfigFault[] {
  const remedy = "write { gold: 0.5, silver: 0.2 }";
  if (typeof shares !== "object" || shares === null) return [{ path, problem: "is not an object", remedy }];
  const faults: ConfigFault[] = [];
  for (const [tenant, share] of Object.entries(shares)) {
    if (!(typeof share === "number" && share >= 0 && share <= 1))
      faults.push({ path: `${path}[${JSON.stringify(tenant)}]`, problem: "is not a number from 0 to 1", remedy });
  }
  const sum = Object.values(shares).reduce((all, share) => all + share, 0);
  if (sum > 1 + 1e-9) faults.push({ path, problem: "reserve more than there is", remedy: "the sum of all shares is 1 at most" });
  return faults;
}

function isHttpUrl(text: unknown): boolean {
  return typeof text === "string" && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
