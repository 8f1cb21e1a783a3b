import type { Socket } from "node:net";
import { headerName, isHeaderValue } from "../header-name.ts";
import { endOfLine, trimmed } from "../head-lines.ts";
import type { RequestHead } from "../request-job.ts";

/** Methods that are taken here. */
const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const path = /^\/[\x21\x22\x24-\x7e]*$/;
const digits = /^\d{1,15}$/;
/** Of one of these Node keeps the first value: a request that has two is left to it. */
const single: ReadonlySet<string> = new Set([
  "age",
  "authorization",
  "content-type",
  "etag",
  "expires",
  "from",
  "host",
  "if-modified-since",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "referer",
  "retry-after",
  "server",
  "set-cookie",
  "user-agent",
]);
/** What these ask for is left to Node, whole. */
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
  readonly rawHeaders: string[];
  /** Bytes of the body. */
  length = 0;
  /** The connection may have another request. */
  keepsAlive = true;
  /** Others of this connection are given this very object. */
  repeats = false;
  /** Where it came from. */
  readonly socket: Socket;
  #headers: RequestHead["headers"] | undefined;

  constructor(socket: Socket, method: string, url: string, rawHeaders: string[]) {
    this.socket = socket;
    this.method = method;
    this.url = url;
    this.rawHeaders = rawHeaders;
  }

  /** By their names in lower case; repeated ones joined as Node does. */
  get headers(): RequestHead["headers"] {
    return (this.#headers ??= joined(this.rawHeaders));
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
  const head = new IncomingHead(socket, method, url, []);
  return readHeaders(head, text, lineEnd + 2) ? head : undefined;
}

function readHeaders(head: IncomingHead, text: string, from: number): boolean {
  const { rawHeaders } = head;
  let hasHost = false;
  let hasLength = false;
  let at = from;
  for (let end = endOfLine(text, at); end > at; end = endOfLine(text, at)) {
    const colon = text.indexOf(":", at);
    const raw = text.slice(at, colon);
    const name = colon < 0 || colon > end ? undefined : headerName(raw);
    const value = trimmed(text, colon + 1, end);
    if (name === undefined || !isHeaderValue(value)) return false;
    const { lower } = name;
    if (lower === "host") {
      if (hasHost) return false;
      hasHost = true;
    } else if (lower === "content-length") {
      if (hasLength || !digits.test(value)) return false;
      hasLength = true;
      head.length = Number(value);
    } else if (lower === "connection") {
      if (!noteConnection(head, value)) return false;
    } else if (elsewhere.has(lower) || (single.has(lower) && rawHeaders.some((other, index) => index % 2 === 0 && isName(other, lower))))
      return false;
    rawHeaders.push(raw, value);
    at = end + 2;
  }
  return hasHost;
}

function isName(raw: string, lower: string): boolean {
  return raw.length === lower.length && headerName(raw)?.lower === lower;
}

function noteConnection(head: IncomingHead, value: string): boolean {
  const said = value.toLowerCase();
  if (said === "close") head.keepsAlive = false;
  return said === "close" || said === "keep-alive";
}

function joined(rawHeaders: readonly string[]): RequestHead["headers"] {
  const headers: Record<string, string> = Object.create(null);
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const raw = rawHeaders[at] as string;
    const name = headerName(raw)?.lower ?? raw;
    const value = rawHeaders[at + 1] as string;
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}${name === "cookie" ? "; " : ", "}${value}`;
  }
  return headers;
}
