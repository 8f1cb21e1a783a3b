import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { type Clock, systemClock } from "unigate/transport";
import { onTestFinished } from "vitest";
import type { ReplyTarget } from "../../../../transports/http/http-reply.ts";
import { Ingress } from "../../../../transports/http/ingress/ingress.ts";
import type { RequestHead } from "../../../../transports/http/request-job.ts";
import { bodyOf } from "../../../support/http-server.ts";

/** Answers a request whose body is there, with whatever the response is written to. */
export type Answer = (request: RequestHead, body: Buffer, response: ReplyTarget) => void;

/** Two servers that answer the same: Node's own, and one with an ingress before it. */
export interface Twins {
  node: number;
  ours: number;
  /** Requests that the ingress has taken. */
  taken(): number;
  ingress: Ingress;
}

const keepAliveMs = 72_000;
/** Between two looks of the ingress at its connections, in ms. */
export const lookEveryMs = 10;

/** Starts both; they are closed when the test is over. */
export async function startTwins(answer: Answer, clock: Clock = systemClock): Promise<Twins> {
  const [node, ours] = [await start(answer), await start(answer)];
  let taken = 0;
  const ingress = new Ingress({
    clock,
    lookEveryMs,
    mostBodyBytes: 1000,
    isDraining: () => false,
    take(request, body, response) {
      // What is for others goes to them.
      if (request.url.startsWith("/others")) return false;
      taken++;
      answer(request, body, response);
      return true;
    },
  });
  ingress.standBefore(ours.server, "connection");
  onTestFinished(() => ingress.closeAll());
  return { node: node.port, ours: ours.port, taken: () => taken, ingress };
}

async function start(answer: Answer): Promise<{ server: Server; port: number }> {
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    void bodyOf(request).then(
      (body) => answer(request, body, response),
      () => {},
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as { port: number }).port };
}

/** What came back, `Date` left out, and whether the server has ended the connection. */
export interface Heard {
  text: string;
  isClosed: boolean;
}

/** Says these pieces one after the other, and listens until the server ends the connection or has said nothing for a while. */
export async function say(port: number, pieces: readonly (Buffer | string)[], { stillMs = 300, ends = false } = {}): Promise<Heard> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let text = "";
  socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
  socket.on("error", () => {});
  for (const piece of pieces) {
    if (socket.destroyed) break;
    await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
    // Both ends are in this process: after a few turns the other one has read it, and answered.
    for (let turns = 0; turns < 4; turns++) await turn();
  }
  if (ends) socket.end();
  await silence(socket, stillMs);
  const isClosed = socket.destroyed || socket.readableEnded;
  socket.destroy();
  return { text: text.replaceAll(/\r\nDate: [^\r]*/g, ""), isClosed };
}

/** Resolves when the server has ended the connection, or has said nothing for so long. */
async function silence(socket: Socket, stillMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer = setTimeout(resolve, stillMs);
  socket.on("data", () => {
    clearTimeout(timer);
    timer = setTimeout(resolve, stillMs);
  });
  for (const event of ["end", "close"]) socket.once(event, () => resolve());
  if (socket.readableEnded || socket.destroyed) resolve();
  await promise;
  clearTimeout(timer);
}
