import { STATUS_CODES } from "node:http";
import { Metadata } from "unigate/transport";
import { endOfLine, trimmed } from "../head-lines.ts";
import { namedByConnection } from "../hop-by-hop.ts";
import { headerName, isHeaderValue } from "../header-name.ts";

/** How the end of a body is told: after so many bytes, by its last chunk, or by the end of the connection. */
export type Framing = number | "chunked" | "until-close";

/** The head of a response. */
export interface ResponseHead {
  readonly status: number;
  /**
   * `:status`, `:reason` for a text other than the usual one, with 101 the new protocol as `:upgrade`, then the headers in their order, those
   * of this hop left out.
   */
  readonly flat: string[];
  /** The same for a job; servers say the same again and again, and then it is the same object. */
  metadata: Metadata;
  readonly framing: Framing;
  /** The connection can be used again. */
  readonly keepsAlive: boolean;
  /** How long the server keeps it when nothing happens, in ms; undefined when it did not say. */
  readonly keepAliveMs: number | undefined;
}

/** What a server said is not HTTP/1.1. */
export class Malformed extends Error {}

/** What the headers of the hop say. */
interface Hop {
  connection: string | undefined;
  keepAlive: string | undefined;
  transferEncoding: string | undefined;
  length: string | undefined;
  upgrade: string | undefined;
}

const zero = 48;
const space = 32;

/**
 * Reads the head of a response: everything before its empty line, as latin1. Throws `Malformed`.
 *
 * Strict where leniency has been used to smuggle responses: lines end with CR LF and are not folded, one length, nothing but `chunked`.
 * Source: RFC 9112 sections 4 to 6.
 */
export function parseHead(text: string): ResponseHead {
  const firstEnd = endOfLine(text, 0);
  const isNew = readVersion(text);
  const status = readStatus(text, firstEnd);
  const flat = [":status", text.slice(9, 12)];
  const reason = text.slice(13, firstEnd);
  if (reason !== "" && reason !== STATUS_CODES[status]) flat.push(":reason", reason);
  const hop: Hop = { connection: undefined, keepAlive: undefined, transferEncoding: undefined, length: undefined, upgrade: undefined };
  if (firstEnd < text.length) readLines(text, firstEnd + 2, flat, hop);
  if (status === 101 && hop.upgrade !== undefined) flat.splice(2, 0, ":upgrade", hop.upgrade);
  const connection = hop.connection?.toLowerCase();
  const named = withoutNamed(flat, namedByConnection(connection));
  return {
    status,
    flat: named,
    metadata: Metadata.fromFlat(named),
    framing: framingOf(hop),
    keepsAlive: staysOpen(isNew, connection, hop),
    keepAliveMs: keepAliveOf(hop.keepAlive),
  };
}

/** Reads the trailers of a response: lines of headers, as latin1. Throws `Malformed`. Those that would frame or steer a message are left out. */
export function parseTrailers(text: string): string[] {
  const flat: string[] = [];
  readLines(text, 0, flat, undefined);
  return flat;
}

function readVersion(text: string): boolean {
  const minor = text.charCodeAt(7) - zero;
  if (!text.startsWith("HTTP/1.") || (minor !== 0 && minor !== 1) || text.charCodeAt(8) !== space)
    throw new Malformed("no HTTP/1.1 status line");
  return minor === 1;
}

function readStatus(text: string, end: number): number {
  const status = digit(text, 9) * 100 + digit(text, 10) * 10 + digit(text, 11);
  const isBounded = end === 12 || (end > 12 && text.charCodeAt(12) === space);
  if (!(status >= 100) || !isBounded || !isHeaderValue(text.slice(12, end))) throw new Malformed("no status in the status line");
  return status;
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - zero;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

/** Adds each header to `flat`; those of the hop are noted in `hop`, which trailers do not have. */
function readLines(text: string, from: number, flat: string[], hop: Hop | undefined): void {
  for (let at = from; at < text.length;) {
    const end = endOfLine(text, at);
    const colon = text.indexOf(":", at);
    const name = colon < 0 || colon > end ? undefined : headerName(text.slice(at, colon));
    if (name === undefined) throw new Malformed("a header has no name");
    const value = trimmed(text, colon + 1, end);
    if (!isHeaderValue(value)) throw new Malformed(`the header ${name.lower} has a control character`);
    const { lower } = name;
    if (name.isOfTheHop) noteHop(hop, lower, value);
    else if (lower !== "content-length") flat.push(lower, value);
    else if (hop !== undefined) flat.push(lower, noteLength(hop, value));
    at = end + 2;
  }
}

function noteHop(hop: Hop | undefined, name: string, value: string): void {
  if (hop === undefined) return;
  if (name === "connection") hop.connection = hop.connection === undefined ? value : `${hop.connection},${value}`;
  else if (name === "keep-alive") hop.keepAlive = value;
  else if (name === "upgrade") hop.upgrade = value;
  else if (name === "transfer-encoding") {
    if (hop.transferEncoding !== undefined || value.toLowerCase() !== "chunked")
      throw new Malformed(`transfer-encoding is not chunked but ${value}`);
    hop.transferEncoding = value;
  }
}

function noteLength(hop: Hop, value: string): string {
  if (hop.length !== undefined) throw new Malformed("content-length stands twice");
  if (!/^\d{1,15}$/.test(value)) throw new Malformed(`content-length is no number: ${value}`);
  hop.length = value;
  return value;
}

function framingOf({ length, transferEncoding }: Hop): Framing {
  if (transferEncoding === undefined) return length === undefined ? "until-close" : Number(length);
  if (length !== undefined) throw new Malformed("both content-length and transfer-encoding");
  return "chunked";
}

function staysOpen(isNew: boolean, connection: string | undefined, { transferEncoding }: Hop): boolean {
  if (connection === undefined) return isNew;
  // An old server that sends chunks anyway is not to be trusted with a second request (RFC 9112 section 6.1).
  return connection.includes("close") ? false : isNew || (connection.includes("keep-alive") && transferEncoding === undefined);
}

function keepAliveOf(value: string | undefined): number | undefined {
  const seconds = value === undefined ? undefined : /\btimeout=(\d{1,6})/.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function withoutNamed(flat: string[], named: string[] | undefined): string[] {
  if (named === undefined) return flat;
  return flat.filter((_text, at) => {
    const key = flat[at - (at % 2)] as string;
    return key.startsWith(":") || !named.includes(key);
  });
}
