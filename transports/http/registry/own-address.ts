import { hostname, networkInterfaces } from "node:os";

/**
 * Tells whether `url` is one of the gate's own `addresses`, as far as its text says so.
 *
 * A name that only DNS knows to be this machine is not found out here: its requests are, when they come back (see `Via`).
 */
export function isOwnAddress(url: URL, addresses: readonly string[]): boolean {
  return addresses.some((address) => {
    const own = URL.parse(address);
    if (own === null || portOf(own) !== portOf(url)) return false;
    const host = bare(url.hostname);
    const listening = bare(own.hostname);
    if (listening === "0.0.0.0" || listening === "::") return isThisMachine(host);
    return host === listening || (isLocalhost(host) && isLoopback(listening)) || (isLocalhost(listening) && isLoopback(host));
  });
}

function isThisMachine(host: string): boolean {
  if (isLoopback(host) || host === "0.0.0.0" || host === "::" || host === hostname().toLowerCase()) return true;
  return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === host));
}

function isLoopback(host: string): boolean {
  return isLocalhost(host) || host.startsWith("127.") || host === "::1";
}

function isLocalhost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

function portOf({ port, protocol }: URL): string {
  return port !== "" ? port : protocol === "https:" ? "443" : "80";
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}
