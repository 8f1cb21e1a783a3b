/**
 * Lesson 4: a gate in a container that comes and goes.
 *
 * Container platforms start a server on `$PORT`, send it requests, and end it with SIGTERM. This one is node's own HTTP server with a gate
 * inside; what it serves is in `handlers.ts`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { createFetchHandler } from "unigate/fetch";
import tools from "./handlers.ts";

const gate = createFetchHandler({}, { services: [tools], remote: (_request, address) => address as string | undefined });

const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
server.listen(Number(process.env["PORT"] ?? 8080), () => process.stdout.write("listening\n"));

process.once("SIGTERM", async () => {
  server.close();
  await gate.drain();
  server.closeIdleConnections();
});

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const caller = new AbortController();
  outgoing.once("close", () => caller.abort());
  try {
    const response = await gate(toRequest(incoming, caller.signal), incoming.socket.remoteAddress);
    outgoing.writeHead(response.status, [...response.headers].flat());
    if (response.body === null) outgoing.end();
    else await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
  } catch {
    // The caller has left, or sent what no Request can hold.
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(400).end();
  }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", url = "/", headersDistinct } = incoming;
  const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) => values.map((value): [string, string] => [name, value]));
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(`http://${incoming.headers.host ?? "localhost"}${url}`, {
    method,
    headers,
    signal,
    ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: "half" } : {}),
  });
}
