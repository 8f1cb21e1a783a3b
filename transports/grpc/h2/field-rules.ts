/** What a header block is, by its fields. */
export type BlockKind = "request" | "response" | "trailers" | "malformed";

const ofRequests: ReadonlySet<string> = new Set([":method", ":scheme", ":path", ":authority", ":protocol"]);
/** They are for one connection of HTTP/1.1, and say what other fields say here. */
const ofConnections: ReadonlySet<string> = new Set(["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"]);
// oxlint-disable-next-line no-control-regex
const forbiddenInValue = /[\0\r\n]/;
const name = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Tells what a block is, and whether it keeps the rules; white space around values is let pass, for Node.js sends some. Source: RFC 9113 sections 8.1 to 8.3. */
export function kindOf(flat: readonly string[]): BlockKind {
  const pseudo = new Set<string>();
  let hasFields = false;
  for (let at = 0; at < flat.length; at += 2) {
    const key = flat[at] as string;
    if (forbiddenInValue.test(flat[at + 1] as string)) return "malformed";
    if (key.startsWith(":")) {
      if (hasFields || pseudo.has(key)) return "malformed";
      pseudo.add(key);
      continue;
    }
    hasFields = true;
    if (!name.test(key) || ofConnections.has(key) || (key === "te" && flat[at + 1] !== "trailers")) return "malformed";
  }
  return kindByPseudo(pseudo, flat);
}

function kindByPseudo(pseudo: ReadonlySet<string>, flat: readonly string[]): BlockKind {
  if (pseudo.size === 0) return "trailers";
  if (pseudo.has(":status")) return pseudo.size === 1 && /^\d{3}$/.test(flat[1] as string) ? "response" : "malformed";
  const isRequest = [...pseudo].every((key) => ofRequests.has(key)) && pseudo.has(":method");
  return isRequest && (pseudo.has(":path") || pseudo.has(":authority")) ? "request" : "malformed";
}
