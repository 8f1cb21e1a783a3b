/** Puts what a server says of itself under the prefix that the public knows: absolute URLs of its own, and paths. */
export function toPublicUrl(text: string, origin: URL, prefix: string): string {
  const url = text.startsWith("/") && !text.startsWith("//") ? undefined : URL.parse(text);
  if (url === null) return text;
  if (url !== undefined && !isSameServer(url, origin)) return text;
  const path = url === undefined ? text : withoutBase(url.pathname, origin) + url.search + url.hash;
  // A server that heeds `X-Forwarded-Prefix` has done it itself.
  return isBelow(path, prefix) ? path : prefix + path;
}

/**
 * The same for a cookie: a path is put under the prefix, and the server's own domain is left out, which stands for the public one then.
 *
 * A `__Host-` cookie keeps its path, or browsers would refuse it.
 */
export function toPublicCookie(text: string, origin: URL, prefix: string): string {
  if (!/;\s*(path|domain)=/i.test(text)) return text;
  const [pair = "", ...attributes] = text.split(";");
  const kept = attributes.flatMap((attribute) => {
    const [, name = "", value = ""] = /^\s*([^=]*)=?(.*?)\s*$/s.exec(attribute) ?? [];
    if (/^domain$/i.test(name) && value.replace(/^\./, "").toLowerCase() === origin.hostname) return [];
    const isMoved =
      /^path$/i.test(name) && prefix !== "" && value.startsWith("/") && !pair.startsWith("__Host-") && !isBelow(value, prefix);
    return isMoved ? [` ${name}=${prefix}${value === "/" ? "/" : value}`] : [attribute];
  });
  return [pair, ...kept].join(";");
}

function isSameServer(url: URL, origin: URL): boolean {
  if (!/^https?:$/.test(url.protocol) || portOf(url) !== portOf(origin)) return false;
  return url.hostname === origin.hostname || (isLoopback(url.hostname) && isLoopback(origin.hostname));
}

function portOf({ port, protocol }: URL): string {
  return port !== "" ? port : protocol === "https:" ? "443" : "80";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

/** A server that is exposed from a path of its own has that path in its URLs. */
function withoutBase(path: string, { pathname }: URL): string {
  const base = pathname.replace(/\/$/, "");
  return base !== "" && isBelow(path, base) ? path.slice(base.length) || "/" : path;
}

function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && /^([/?#]|$)/.test(path.slice(prefix.length));
}
