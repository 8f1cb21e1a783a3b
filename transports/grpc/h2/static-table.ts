/** The fields that every header block may name by their number, which is their place here. Source: RFC 7541 appendix A. */
const lines = [
  ":authority|",
  ":method|GET",
  ":method|POST",
  ":path|/",
  ":path|/index.html",
  ":scheme|http",
  ":scheme|https",
  ":status|200",
  ":status|204",
  ":status|206",
  ":status|304",
  ":status|400",
  ":status|404",
  ":status|500",
  "accept-charset|",
  "accept-encoding|gzip, deflate",
  "accept-language|",
  "accept-ranges|",
  "accept|",
  "access-control-allow-origin|",
  "age|",
  "allow|",
  "authorization|",
  "cache-control|",
  "content-disposition|",
  "content-encoding|",
  "content-language|",
  "content-length|",
  "content-location|",
  "content-range|",
  "content-type|",
  "cookie|",
  "date|",
  "etag|",
  "expect|",
  "expires|",
  "from|",
  "host|",
  "if-match|",
  "if-modified-since|",
  "if-none-match|",
  "if-range|",
  "if-unmodified-since|",
  "last-modified|",
  "link|",
  "location|",
  "max-forwards|",
  "proxy-authenticate|",
  "proxy-authorization|",
  "range|",
  "referer|",
  "refresh|",
  "retry-after|",
  "server|",
  "set-cookie|",
  "strict-transport-security|",
  "transfer-encoding|",
  "user-agent|",
  "vary|",
  "via|",
  "www-authenticate|",
];

/** A name and a value; the name is in lower case. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** Numbered from 1: the first place is empty. */
export const staticTable: readonly (Field | undefined)[] = [undefined, ...lines.map(toField)];

/** The first number that is beyond the static table. */
export const firstDynamic: number = staticTable.length;

function toField(line: string): Field {
  const bar = line.indexOf("|");
  return { name: line.slice(0, bar), value: line.slice(bar + 1) };
}
