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

const colon = 58;

/** The metadata of a call or a reply; keys that end in `-bin` carry bytes. */
export function toMetadata(headers: IncomingHttpHeaders): Metadata {
  const flat: MetadataValue[] = [];
  for (const key of Object.keys(headers)) {
    if (isReserved(key)) continue;
    const value = headers[key];
    // Most headers come once: they cost no list.
    if (typeof value === "string") add(flat, key, value);
    else for (const one of value ?? []) add(flat, key, one);
  }
  return Metadata.fromFlat(flat);
}

function add(flat: MetadataValue[], key: string, value: string): void {
  if (!key.endsWith("-bin")) flat.push(key, value);
  // A repeated `-bin` header may arrive joined: a comma is no base64.
  else for (const part of value.split(",")) flat.push(key, Buffer.from(part.trim(), "base64"));
}

/** Metadata as headers; what a header cannot carry is left out. */
export function toHeaders(metadata: Metadata): OutgoingHttpHeaders {
  return toObject(toFlatHeaders(metadata));
}

/** A list of name and value, name and value, as headers: of a name that repeats they have a list. */
export function toObject(flat: readonly string[]): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (let at = 0; at < flat.length; at += 2) {
    const key = flat[at] as string;
    const text = flat[at + 1] as string;
    const before = headers[key];
    if (before === undefined) headers[key] = text;
    else if (Array.isArray(before)) before.push(text);
    else headers[key] = [String(before), text];
  }
  return headers;
}

/** Headers as a list of name and value, name and value. */
export function toFlat(headers: OutgoingHttpHeaders): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    for (const one of [value].flat()) flat.push(name.toLowerCase(), String(one));
  }
  return flat;
}

/** Metadata as a list of name and value, name and value; what a header cannot carry is left out. */
export function toFlatHeaders(metadata: Metadata): string[] {
  const flat: string[] = [];
  for (const [key, value] of metadata) {
    if (isReserved(key) || !/^[0-9a-z_.-]+$/.test(key) || key in Object.prototype) continue;
    const text = headerText(key, value);
    if (text !== undefined) flat.push(key, text);
  }
  return flat;
}

function headerText(key: string, value: MetadataValue): string | undefined {
  if (key.endsWith("-bin"))
    return Buffer.from(value as string)
      .toString("base64")
      .replaceAll("=", "");
  return typeof value === "string" && /^[\x20-\x7e]*$/.test(value) ? value : undefined;
}

function isReserved(key: string): boolean {
  return key.codePointAt(0) === colon || key.startsWith("grpc-") || reserved.has(key);
}
