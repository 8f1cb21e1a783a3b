import { createServer as createSecureServer } from "node:https";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse, type ServerOptions } from "node:http";
import type { Clock } from "unigate/transport";
import { keepAliveMs } from "./keep-alive.ts";
import { answerTooSlow } from "./malformed.ts";
import type { HttpTls } from "./tls.ts";

/** What a server of proxied and of other requests needs. */
export interface ProxyingServerOptions {
  http: ServerOptions;
  /** Undefined for a server without TLS. */
  certificate: HttpTls | undefined;
  clock: Clock;
  /** For a request that is not proxied to arrive in full, in ms; 0 for none. */
  requestTimeoutMs: number;
  /** Takes the requests that are proxied; false for the others. */
  proxies: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** For a TLS handshake, in ms. */
const handshakeMs = 10_000;

/**
 * A server whose proxied requests pass by the framework: nobody reads their bodies but the upstream.
 *
 * Node bounds the time of a whole request for all of them or none; a large upload has no such bound, so the others get theirs here.
 */
export function createProxyingServer(options: ProxyingServerOptions, others: RequestListener): Server {
  const limitBody = createBodyLimit(options);
  const server = createListening(options, (request, response) => {
    if (options.proxies(request, response)) return;
    limitBody(request);
    others(request, response);
  });
  server.keepAliveTimeout = keepAliveMs;
  server.requestTimeout = 0;
  return server;
}

function createListening({ http, certificate }: ProxyingServerOptions, listener: RequestListener): Server {
  if (certificate === undefined) return createServer(http, listener);
  const server = createSecureServer({ ...http, ...certificate, handshakeTimeout: handshakeMs }, listener);
  // Node would have it answered in HTTP, which nobody on the other side could read.
  server.removeAllListeners("tlsClientError").on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

/**
 * Limits the time of each body that it is given. Almost all come with their heads, so the timer waits until this turn's reads are done: only
 * those that are still open then get one.
 */
function createBodyLimit({ clock, requestTimeoutMs }: ProxyingServerOptions): (request: IncomingMessage) => void {
  let fresh: IncomingMessage[] = [];
  const limitOpen = (): void => {
    const open = fresh.filter((request) => !request.complete);
    fresh = [];
    for (const request of open) {
      const timer = clock.after(requestTimeoutMs, () => {
        if (!request.complete) answerTooSlow(request);
      });
      request.once("close", () => timer.clear());
    }
  };
  return (request) => {
    const hasBody = request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
    if (!hasBody || requestTimeoutMs === 0) return;
    if (fresh.push(request) === 1) setImmediate(limitOpen);
  };
}
