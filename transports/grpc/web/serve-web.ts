import type { IncomingMessage, ServerResponse } from "node:http";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import type { CallHandler } from "../messages/call-stream.ts";
import { WebStream } from "./web-stream.ts";

/** Which pages may call. */
export interface WebOptions {
  /** Origins such as `https://app.example`, or `true` for every one; default: only pages of this port itself. */
  origin?: true | string | readonly string[];
}

const requestHeaders = "content-type,x-grpc-web,x-user-agent,grpc-timeout,authorization,x-request-id";
const ownHeaders = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
const preflightSeconds = 86_400;

/**
 * Serves gRPC-Web, over HTTP/1.1 and HTTP/2, by the handlers of gRPC calls; `find` gives that of a path.
 *
 * Returns whether the request was one: a call in gRPC-Web, or a browser that asks whether it may make one. Give it the `request` events of
 * a `node:http` server, or of a `node:http2` server by its compatibility API.
 */
export function serveWeb(
  find: (path: string) => CallHandler | undefined,
  options: WebOptions = {},
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const cors = corsHeaders(request.headers, options);
    if (isPreflight(request)) {
      response.writeHead(cors === undefined ? 403 : 204, cors === undefined ? {} : { ...cors, ...preflight(request.headers) });
      response.end();
      return true;
    }
    const [, text] = /^application\/grpc-web(-text)?(?:\+proto)?(?:;|$)/.exec(request.headers["content-type"] ?? "") ?? [];
    if (text === undefined && !request.headers["content-type"]?.startsWith("application/grpc-web")) return false;
    const stream = new WebStream({
      request,
      response,
      isText: text !== undefined,
      extraHeaders: (headers) => (cors === undefined ? {} : { ...cors, ...exposed(headers) }),
    });
    const path = (request.url ?? "").split("?")[0] as string;
    const handler = request.method === "POST" ? find(path) : undefined;
    if (handler === undefined) {
      stream.respond({ "grpc-status": "12", "grpc-message": `no method ${encodeURI(path)} is served here` }, { endStream: true });
      request.resume();
    } else handler(stream, { ...withoutPseudo(request.headers), ":path": path, "content-type": "application/grpc+proto" });
    return true;
  };
}

function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === "OPTIONS" && headers["access-control-request-method"] === "POST";
}

function corsHeaders({ origin }: IncomingHttpHeaders, { origin: allowed }: WebOptions): OutgoingHttpHeaders | undefined {
  if (origin === undefined || allowed === undefined) return undefined;
  if (allowed !== true && ![allowed].flat().includes(origin)) return undefined;
  return { "access-control-allow-origin": origin, vary: "Origin" };
}

function preflight(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": headers["access-control-request-headers"] ?? requestHeaders,
    "access-control-max-age": String(preflightSeconds),
  };
}

function exposed(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return { "access-control-expose-headers": [...new Set([...ownHeaders, ...Object.keys(headers)])].join(",") };
}

function withoutPseudo(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => !key.startsWith(":")));
}
