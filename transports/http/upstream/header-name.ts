import { hopByHop } from "../hop-by-hop.ts";

/** A header's name, as it concerns this hop. */
export interface HeaderName {
  readonly lower: string;
  readonly isOfTheHop: boolean;
}

/** Names that are kept, and their letters: services have dozens, and who makes them up has to pay for each. */
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
  const name = { lower, isOfTheHop: hopByHop.has(lower) };
  if (names.size < mostNames && text.length <= mostLetters) names.set(copyOf(text), name);
  return name;
}

/** A slice would keep the whole head from which it was taken. */
function copyOf(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

/** Tells whether a text may stand as a header's value. Source: RFC 9110 section 5.5. */
export function isHeaderValue(text: string): boolean {
  return !unsafe.test(text);
}
