/** Headers that end at this hop. Source: RFC 9110 section 7.6.1. */
export const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "proxy-authenticate",
  "proxy-authorization",
]);

/** Headers that the other side meant for this hop only; undefined for the two values that nearly every message has. */
export function namedByConnection(connection: string | undefined): string[] | undefined {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return undefined;
  return connection.split(",").map((name) => name.trim().toLowerCase());
}
