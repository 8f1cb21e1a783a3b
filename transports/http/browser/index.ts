/** The client for browsers: `connect` over the page's own WebSocket; nothing behind this door needs Node. */
import { type Client, type ClientOptions, createClient, GateError } from "unigate/client/portable";
import { openWebSocket } from "./web-socket-connection.ts";

/** What pages may say of their link; as for `connect` in Node, but that there are no environment variables to fall back on. */
export type BrowserClientOptions = Omit<ClientOptions, "open">;

/**
 * Connects a page to a gate; returns at once, the link comes up in the background.
 *
 * `url` is that of the gate's HTTP port, `wss://gate.example` or `https://gate.example`; without one, the page's own host.
 *
 * @example
 * ```ts
 * import { connect } from "unigate/browser";
 *
 * const client = connect("wss://gate.example");
 * const greeter = client.service("greeter");
 * console.log(await greeter.hello("Ada"));
 * ```
 */
export function connect<Api = never>(url: string = pageUrl(), options: BrowserClientOptions = {}): Client<Api> {
  return createClient<Api>(linkUrl(url), options, { open: openWebSocket, agent: agentOf() });
}

/** The address of the link: `/link` unless the URL has a path. */
function linkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(wss?|https?):$/.test(url.protocol))
    throw new GateError(
      "invalid_argument",
      `${JSON.stringify(text)} is not the URL of a gate that a browser can reach; write one that starts with wss://, ws://, https:// or http://`,
    );
  url.protocol = url.protocol.replace("http", "ws");
  if (url.pathname === "/") url.pathname = "/link";
  return url;
}

/** Where the page came from; empty, and so refused with a message, where there is no page. */
function pageUrl(): string {
  const { location } = globalThis as { location?: { origin: string } };
  return location?.origin ?? "";
}

function agentOf(): string {
  return `unigate ${(globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? "browser"}`;
}

export { GateError } from "unigate/client/portable";
export type { Call, CallOptions, Client, Remote, RemoteStream, RemoteValue, UntypedRemote } from "unigate/client/portable";
