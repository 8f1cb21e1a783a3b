import type { IncomingHttpHeaders } from "node:http2";
import type { ConfigFault } from "unigate/transport";

/** Which calls an upstream is for; all that is named must hold. */
export interface CallCondition {
  /** The call's `:authority`: `"eu.example.com:443"` as the client sends it, or a port alone, `":8443"`. One of several. */
  authority?: string | readonly string[];
  /** By key, a value or several of which the call has one. A key that ends in `-bin` is compared in base64. */
  metadata?: Readonly<Record<string, string | readonly string[]>>;
}

/** Tells whether a call, by its headers, meets the condition. */
export type CallTest = (headers: IncomingHttpHeaders) => boolean;

const keys = ["authority", "metadata"];

/** The test that a condition means; it has no state, and costs one look-up per key. */
export function toTest({ authority, metadata = {} }: CallCondition): CallTest {
  const authorities = authority === undefined ? undefined : [authority].flat().map((one) => one.toLowerCase());
  const wanted = Object.entries(metadata).map(([key, values]) => ({ key: key.toLowerCase(), values: [values].flat() }));
  return (headers) => {
    if (authorities !== undefined && !isOneOf(headers[":authority"] ?? headers.host ?? "", authorities)) return false;
    return wanted.every(({ key, values }) => {
      const value = headers[key];
      const given = value === undefined ? [] : [value].flat().flatMap((one) => [one, ...one.split(",").map((part) => part.trim())]);
      return given.some((one) => values.includes(one));
    });
  };
}

function isOneOf(given: string, authorities: readonly string[]): boolean {
  const name = given.toLowerCase();
  return authorities.some((one) => (one.startsWith(":") ? name.endsWith(one) : name === one));
}

/** Every fault of a `when`. */
export function conditionFaults(path: string, condition: CallCondition): ConfigFault[] {
  const remedy = 'write { authority: "eu.example.com:443" }, { authority: ":8443" } or { metadata: { "x-tier": "gold" } }';
  if (typeof condition !== "object" || condition === null) return [{ path, problem: "is not an object", remedy }];
  const faults: ConfigFault[] = [];
  const { authority, metadata } = condition;
  if (authority === undefined && metadata === undefined) faults.push({ path, problem: "names no condition", remedy });
  if (authority !== undefined && !isTexts(authority))
    faults.push({ path: `${path}.authority`, problem: "is not a name or a list of names", remedy });
  if (metadata !== undefined && (typeof metadata !== "object" || metadata === null || Object.keys(metadata).length === 0))
    faults.push({ path: `${path}.metadata`, problem: "names no key", remedy });
  for (const [key, values] of Object.entries(metadata ?? {})) {
    const at = `${path}.metadata[${JSON.stringify(key)}]`;
    if (!/^[\w.-]+$/.test(key)) faults.push({ path: at, problem: "is not a metadata key", remedy: "write letters, digits, -, _ and ." });
    if (!isTexts(values)) faults.push({ path: at, problem: "is not a value or a list of values", remedy: "write a text" });
  }
  for (const key of Object.keys(condition)) {
    if (!keys.includes(key)) faults.push({ path: `${path}.${key}`, problem: "is not a known key", remedy: `known are ${keys.join(", ")}` });
  }
  return faults;
}

function isTexts(value: unknown): boolean {
  const all = [value].flat();
  return all.length > 0 && all.every((one) => typeof one === "string" && one !== "");
}
