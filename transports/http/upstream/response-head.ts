import { Metadata } from "unigate/transport";
import { hopByHop, namedByConnection } from "../hop-by-hop.ts";

/** Headers as the HTTP client read them: name, value, name, value, …. */
type RawHeaders = readonly (Buffer | string)[] | object | null | undefined;

/** The head of a reply: `:status`, with 101 the new protocol as `:upgrade`, then the response's headers in their order, those of this hop left out. */
export function toHead(status: number, raw: RawHeaders): Metadata {
  const flat = [":status", String(status)];
  let connection: string | undefined;
  if (Array.isArray(raw)) {
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = textOf(raw[at]).toLowerCase();
      const value = textOf(raw[at + 1]);
      if (name === "connection") connection = connection === undefined ? value : `${connection},${value}`;
      if (!hopByHop.has(name)) flat.push(name, value);
      else if (status === 101 && name === "upgrade") flat.push(":upgrade", value);
    }
  }
  return Metadata.fromFlat(withoutNamed(flat, namedByConnection(connection?.toLowerCase())));
}

/** The trailers of a response; undefined when it has none. */
export function toTrailers(raw: RawHeaders): Metadata | undefined {
  if (!Array.isArray(raw) || raw.length === 0) return undefined;
  return Metadata.fromFlat(raw.map((text: Buffer | string, at) => (at % 2 === 0 ? textOf(text).toLowerCase() : textOf(text))));
}

function withoutNamed(flat: string[], named: string[] | undefined): string[] {
  if (named === undefined) return flat;
  return flat.filter((_text, at) => !named.includes(flat[at - (at % 2)] as string));
}

function textOf(bytes: Buffer | string | undefined): string {
  return typeof bytes === "string" ? bytes : (bytes?.toString("latin1") ?? "");
}
