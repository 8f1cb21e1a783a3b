import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { Metadata, type MetadataValue } from "unigate/transport";

/** Headers that belong to the protocol of this hop. */
const reserved: ReadonlySet<string> = new Set([
  "content-type",
  "content-length",
  "te",
  "trailer",
  "host",
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** The metadata of a call or a reply; keys that end in `-bin` carry bytes. */
export function toMetadata(headers: IncomingHttpHeaders): Metadata {
  const flat: MetadataValue[] = [];
  for (const [key, value] of Object.entries(headers)) {
    if (value === undefined || isReserved(key)) continue;
    for (const one of [value].flat()) {
      // A repeated `-bin` header may arrive joined: a comma is no base64.
      if (key.endsWith("-bin")) for (const part of one.split(",")) flat.push(key, Buffer.from(part.trim(), "base64"));
      else flat.push(key, one);
    }
  }
  return Metadata.fromFlat(flat);
}

/** Metadata as headers; what a header cannot carry is left out. */
export function toHeaders(metadata: Metadata): OutgoingHttpHeaders {
  const headers: Record<string, string[]> = {};
  for (const [key, value] of metadata) {
    if (isReserved(key) || !/^[0-9a-z_.-]+$/.test(key) || key in Object.prototype) continue;
    const text = headerText(key, value);
    if (text !== undefined) (headers[key] ??= []).push(text);
  }
  return Object.fromEntries(Object.entries(headers).map(([key, values]) => [key, values.length === 1 ? values[0] : values]));
}

function headerText(key: string, value: MetadataValue): string | undefined {
  if (key.endsWith("-bin"))
    return Buffer.from(value as string)
      .toString("base64")
      .replaceAll("=", "");
  return typeof value === "string" && /^[\x20-\x7e]*$/.test(value) ? value : undefined;
}

function isReserved(key: string): boolean {
  return key.startsWith(":") || key.startsWith("grpc-") || reserved.has(key);
}
