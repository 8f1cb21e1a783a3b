import { WebSocket, WebSocketServer } from "ws";
import { onTestFinished } from "vitest";
import { startServer } from "./http-server.ts";

/**
 * A real WebSocket server on a free port: greets with the path of the request and one of its headers, then sends back what it hears.
 *
 * It is closed when the test is over.
 */
export async function startEchoSocket(header: string): Promise<{ url: string; sockets: WebSocketServer }> {
  const { url, server } = await startServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket, request) => {
    socket.send(`${request.url} ${String(request.headers[header])}`);
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  return { url, sockets };
}

/** Connects to `url`, with or without a protocol of its own; `heard` grows with each message. */
export function hearSocket(url: string, protocol?: string): { socket: WebSocket; heard: Buffer[] } {
  const socket = new WebSocket(url.replace("http", "ws"), protocol);
  const heard: Buffer[] = [];
  socket.on("message", (data: Buffer) => heard.push(data));
  return { socket, heard };
}
