import type { Socket } from "node:net";
import { type HeaderName, headerName, isHeaderValue } from "../header-name.ts";
import { endOfLine, trimmed } from "../head-lines.ts";
import type { RequestHead } from "../request-job.ts";

/** Methods that are taken here. */
const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const path = /^\/[\x21\x22\x24-\x7e]*$/;
const digits = /^\d{1,15}$/;
/** Of the headers of the hop, those whose requests are left to Node. */
const elsewhere: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "upgrade",
  "expect",
  "trailer",
  "proxy-connection",
  "set-cookie",
  "__proto__",
]);

/** The head of a request that is taken here: what Node would make of it. */
export class IncomingHead implements RequestHead {
  readonly method: string;
  /** As on the wire. */
  readonly url: string;
  /** Name, value, name, value, …, as they came. */
  readonly rawHeaders: string[] = [];
  /** What their names mean. */
  readonly names: HeaderName[] = [];
  /** Bytes of the body. */
  length = 0;
  /** The connection may have another request. */
  keepsAlive = true;
  /** Others of this connection are given this very object. */
  repeats = false;
  /** Where it came from. */
  readonly socket: Socket;
  #headers: RequestHead["headers"] | undefined;

  constructor(socket: Socket, method: string, url: string) {
    this.socket = socket;
    this.method = method;
    this.url = url;
  }

  /** By their names in lower case; repeated ones joined as Node does. */
  get headers(): RequestHead["headers"] {
    return (this.#headers ??= joined(this.names, this.rawHeaders));
  }
}

/**
 * Reads the head of a request, its empty line included, as latin1; undefined for one that is not plainly good, or wants what only Node's
 * server does.
 *
 * No more is taken here than every reader of HTTP takes for the same: one host, one length and no other framing, lines that end with CR LF
 * and are not folded, no control characters, a path and nothing else as the target. Source: RFC 9112 sections 3 to 6.
 */
export function parseRequestHead(text: string, socket: Socket): IncomingHead | undefined {
  const lineEnd = endOfLine(text, 0);
  const methodEnd = text.indexOf(" ");
  const urlEnd = lineEnd - " HTTP/1.1".length;
  if (methodEnd < 0 || urlEnd <= methodEnd || !text.startsWith(" HTTP/1.1", urlEnd)) return undefined;
  const method = text.slice(0, methodEnd);
  const url = text.slice(methodEnd + 1, urlEnd);
  if (!methods.has(method) || !path.test(url)) return undefined;
  const head = new IncomingHead(socket, method, url);
  return readHeaders(head, text, lineEnd + 2) ? head : undefined;
}

function readHeaders(head: IncomingHead, text: string, from: number): boolean {
  const { rawHeaders, names } = head;
  let hasHost = false;
  let at = from;
  for (let end = endOfLine(text, at); end > at; end = endOfLine(text, at)) {
    const colon = text.indexOf(":", at);
    const raw = text.slice(at, colon);
    const name = colon < 0 || colon > end ? undefined : headerName(raw);
    if (name === undefined || (name.isSingle && has(names, name.lower))) return false;
    const value = trimmed(text, colon + 1, end);
    if (!isHeaderValue(value) || !(name.isOfTheHop ? noteHop(head, name.lower, value) : noteOwn(head, name.lower, value))) return false;
    hasHost ||= name.lower === "host";
    rawHeaders.push(raw, value);
    names.push(name);
    at = end + 2;
  }
  return hasHost;
}

function has(names: readonly HeaderName[], wanted: string): boolean {
  for (const { lower } of names) if (lower === wanted) return true;
  return false;
}

/** False for what is left to Node. */
function noteOwn(head: IncomingHead, name: string, value: string): boolean {
  if (name === "content-length") {
    if (!digits.test(value)) return false;
    head.length = Number(value);
  }
  return name !== "expect" && name !== "set-cookie" && name !== "__proto__";
}

/** The same for a header of the hop. */
function noteHop(head: IncomingHead, name: string, value: string): boolean {
  return name === "connection" ? noteConnection(head, value) : !elsewhere.has(name);
}

function noteConnection(head: IncomingHead, value: string): boolean {
  const said = value.toLowerCase();
  if (said === "close") head.keepsAlive = false;
  return said === "close" || said === "keep-alive";
}

function joined(names: readonly HeaderName[], rawHeaders: readonly string[]): RequestHead["headers"] {
  const headers: Record<string, string> = {};
  for (const [at, { lower }] of names.entries()) {
    const value = rawHeaders[2 * at + 1] as string;
    const before = Object.hasOwn(headers, lower) ? `${headers[lower]}${lower === "cookie" ? "; " : ", "}` : "";
    headers[lower] = before + value;
  }
  return headers;
}
