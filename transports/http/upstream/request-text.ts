import { headerName, isHeaderValue } from "../header-name.ts";

/** What a request's text is made of. */
interface RequestParts {
  method: string;
  path: string;
  /** The server's own, unless `headers` has one that counts. */
  host: string | undefined;
  /** Name, value, name, value, …. */
  headers: readonly string[];
  upgrade: string | undefined;
  /** Name of this gate in `Via`. */
  via: string | undefined;
  /** How the end of the body is told: its length, in chunks, or undefined where there is none and none is expected. */
  length: number | "chunked" | undefined;
}

/** What cannot be said in HTTP. */
export class Unsayable extends Error {}

const notInPath = /[^\x21-\xff]/;

/** The head of a request with its empty line, in latin1. Throws `Unsayable`: nothing that a job brings may add a line to it. */
export function toRequestText({ upgrade, via, length, ...start }: RequestParts): string {
  const text = toRequestStart(start);
  if (upgrade === undefined) return text + toRequestEnd(via, length);
  if (!isHeaderValue(upgrade)) throw new Unsayable("the protocol to change to has a character that HTTP does not allow");
  return `${text}${framing(via, length)}\r\nconnection: upgrade\r\nupgrade: ${upgrade}\r\n\r\n`;
}

/** The request line and the headers that are the caller's, without the end of the last. */
export function toRequestStart({ method, path, host, headers }: Pick<RequestParts, "method" | "path" | "host" | "headers">): string {
  if (method === "CONNECT" || headerName(method) === undefined)
    throw new Unsayable(`${JSON.stringify(method)} is not a method for a server`);
  if (notInPath.test(path)) throw new Unsayable(`the path ${JSON.stringify(path)} has a character that must be percent-encoded`);
  let text = `${method} ${path} HTTP/1.1`;
  if (host !== undefined) text += `\r\nhost: ${host}`;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    // The framing is that of this hop, and said at the end.
    if (name === "content-length" || (name === "host" && host !== undefined)) continue;
    text += toRequestLine(name, headers[at + 1] as string);
  }
  return text;
}

/** One more header, after the end of the line before. */
function toRequestLine(name: string, value: string): string {
  const known = headerName(name);
  if (known === undefined) throw new Unsayable(`${JSON.stringify(name)} is not the name of a header`);
  if (!isHeaderValue(value)) throw new Unsayable(`the header ${name} has a character that HTTP does not allow`);
  return known.line + value;
}

/** What comes after the caller's headers, to the end of the head. */
export function toRequestEnd(via: string | undefined, length: RequestParts["length"]): string {
  return `${framing(via, length)}\r\nconnection: keep-alive\r\n\r\n`;
}

function framing(via: string | undefined, length: RequestParts["length"]): string {
  const hop = via === undefined ? "" : `\r\nvia: 1.1 ${via}`;
  if (length === undefined) return hop;
  return length === "chunked" ? `${hop}\r\ntransfer-encoding: chunked` : `${hop}\r\ncontent-length: ${length}`;
}
