import type { IncomingMessage } from "node:http";
import proxyAddr from "@fastify/proxy-addr";
import type { RequestHead } from "../request-job.ts";

/** A request and where it came from: node's, or one that looks like it. */
export interface ForwardedRequest extends RequestHead {
  /** It has `encrypted` over TLS. */
  socket: { remoteAddress?: string | undefined };
}

/** Who asked, and as whom: what a proxied request says of its caller. */
export interface Forwarding {
  /** Address of the caller, as far as the proxies in front are believed. */
  callerOf(request: ForwardedRequest): string;
  /** What the caller says of itself may be passed on. */
  believes(request: ForwardedRequest): boolean;
}

/** Makes the rule of `trustProxy`: nobody in front is believed, everybody, or those of some addresses and networks. */
export function createForwarding(trustProxy: boolean | string | string[]): Forwarding {
  const trusts =
    typeof trustProxy === "boolean"
      ? (): boolean => trustProxy
      : proxyAddr.compile([trustProxy].flat().flatMap((one) => one.split(/\s*,\s*/)));
  const addressOf = (request: ForwardedRequest): string => request.socket.remoteAddress ?? "";
  return {
    callerOf: (request) => (trustProxy === false ? addressOf(request) : proxyAddr(request as IncomingMessage, trusts)),
    believes: (request) => trustProxy !== false && trusts(addressOf(request), 0),
  };
}

/** What the proxies before us said, in their headers. */
export type Said = Readonly<Partial<Record<string, string>>>;

/**
 * Adds this hop to the headers: `X-Forwarded-For`, `-Host`, `-Proto` and their standard form, `Forwarded`.
 *
 * Source: RFC 7239; `X-Forwarded-Host` and `-Proto` keep the first word, the lists grow.
 */
export function pushForwarded(flat: string[], request: ForwardedRequest, said: Said): void {
  const address = request.socket.remoteAddress ?? "unknown";
  const host = request.headers.host ?? "";
  const scheme = "encrypted" in request.socket ? "https" : "http";
  flat.push("x-forwarded-for", said["x-forwarded-for"] === undefined ? address : `${said["x-forwarded-for"]}, ${address}`);
  flat.push("x-forwarded-proto", said["x-forwarded-proto"] ?? scheme, "x-forwarded-host", said["x-forwarded-host"] ?? host);
  const node = address.includes(":") ? `"[${address}]"` : address;
  const own = `for=${node};host=${quoted(host)};proto=${scheme}`;
  flat.push("forwarded", said["forwarded"] === undefined ? own : `${said["forwarded"]}, ${own}`);
}

function quoted(host: string): string {
  return /^[\w.-]+$/.test(host) ? host : `"${host.replaceAll(/["\\]/g, "\\$&")}"`;
}
