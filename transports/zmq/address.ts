import { GateError } from "unigate/transport";

/** What people find at an address of this transport. */
export const purpose = "ZeroMQ clients and workers";

/** Where a socket listens or connects: what `net` takes. */
export type SocketAddress = { host: string; port: number } | { path: string };

/** Reads `tcp://host:port` or `ipc://path`; host `*` is every interface, port `*` or `0` a free one. Undefined for anything else. */
export function parseAddress(text: unknown): SocketAddress | undefined {
  if (typeof text !== "string") return undefined;
  if (text.startsWith("ipc://")) return text.length > 6 && !/\s/.test(text) ? { path: text.slice(6) } : undefined;
  const match = /^tcp:\/\/(?:\[([^\]]+)\]|([^\s:[\]]+)):(\d{1,5}|\*)$/.exec(text);
  if (match === null) return undefined;
  const [, ipv6, name, portText] = match;
  const port = portText === "*" ? 0 : Number(portText);
  if (port > 65_535) return undefined;
  return { host: name === "*" ? "0.0.0.0" : (ipv6 ?? (name as string)), port };
}

/** `parseAddress` of a text that has been checked. */
export function addressOf(text: string): SocketAddress {
  const address = parseAddress(text);
  if (address === undefined) throw new GateError("invalid_argument", `${JSON.stringify(text)} is not a ZeroMQ address`);
  return address;
}
