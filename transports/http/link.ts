import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { GateHost, Holder } from "unigate/transport";
import { type CorsOptions, isAllowedOrigin } from "./cors.ts";
import { WsConnection } from "./ws-connection.ts";

/** The WebSocket half of an HTTP port. */
export interface LinkServer {
  close(): void;
}

/** What is listed in `cors` may call, and no more: a page that anybody's browser shows is no worker. */
const page: Holder = { name: "a page of another origin", may: ["call", "admin"] };

/** Takes in clients and workers that upgrade `path` to a WebSocket; an upgrade that `otherwise` does not take either is refused. */
export function acceptLinks(
  server: Server,
  path: string,
  gate: GateHost,
  cors: CorsOptions | undefined,
  otherwise: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean | undefined,
): LinkServer {
  const maxFrameBytes = gate.maxPayloadBytes * 2 + 1024 * 1024;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, perMessageDeflate: false });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const [asked] = (request.url ?? "").split("?");
    if (asked !== path) return otherwise(request, socket, head) === true ? undefined : refuse(socket, "404 Not Found");
    const isForeign = isForeignPage(request);
    if (isForeign && !isAllowedOrigin(cors, request.headers.origin)) return refuse(socket, "403 Forbidden");
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const remote = `ws:${request.socket.remoteAddress ?? "?"}:${request.socket.remotePort ?? 0}`;
      gate.accept(new WsConnection(webSocket, remote, maxFrameBytes), isForeign ? page : undefined);
    });
  });
  return {
    close() {
      for (const client of sockets.clients) client.close(1001, "the gate is closing");
      sockets.close();
    },
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** A page of another site: the same-origin policy does not cover WebSockets, so any page could join a gate on localhost as a worker. */
function isForeignPage({ headers }: IncomingMessage): boolean {
  if (headers.origin === undefined) return false;
  return URL.parse(headers.origin)?.host !== headers.host;
}
