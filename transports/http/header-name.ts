import { hopByHop } from "./hop-by-hop.ts";

/** A header's name, and what it means for those between two hops. */
export interface HeaderName {
  readonly lower: string;
  readonly isOfTheHop: boolean;
  /** By it proxies tell who asked. */
  readonly isForwarded: boolean;
  /** Of a request that has two of these, Node keeps the first value. */
  readonly isSingle: boolean;
  /** How its line begins, after the end of the one before. */
  readonly line: string;
}

/** Headers by which proxies tell about their callers. */
const forwardedHeaders: ReadonlySet<string> = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-real-ip",
]);

/** Source: the documentation of Node's `message.headers`. */
const singleHeaders: ReadonlySet<string> = new Set([
  "age",
  "authorization",
  "content-length",
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
  "proxy-authorization",
  "referer",
  "retry-after",
  "server",
  "set-cookie",
  "user-agent",
]);

/** Names that are kept at once, and their letters: services have dozens, and who makes them up shall not fill the memory. */
const mostNames = 1000;
const mostLetters = 100;
const names = new Map<string, HeaderName>();
const token = /^[!#$%&'*+\-.^_`|~\w]+$/;
const unsafe = /[^\t\x20-\x7e\x80-\xff]/;

/** What a name means, in whatever case it is written; undefined for what is not a name. Source: RFC 9110 section 5.1. */
export function headerName(text: string): HeaderName | undefined {
  return names.get(text) ?? readName(text);
}

function readName(text: string): HeaderName | undefined {
  if (!token.test(text)) return undefined;
  const lower = copyOf(text.toLowerCase());
  const name = {
    lower,
    isOfTheHop: hopByHop.has(lower),
    isForwarded: forwardedHeaders.has(lower),
    isSingle: singleHeaders.has(lower),
    line: copyOf(`\r\n${lower}: `),
  };
  if (text.length > mostLetters) return name;
  // Full of what somebody has made up, it begins anew.
  if (names.size >= mostNames) names.clear();
  names.set(copyOf(text), name);
  return name;
}

/** A text of its own: a slice would keep the whole head from which it was taken. */
function copyOf(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

/** Tells whether a text may stand as a header's value. Source: RFC 9110 section 5.5. */
export function isHeaderValue(text: string): boolean {
  return !unsafe.test(text);
}
