import { Agent as PlainAgent, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent, request } from "node:https";
import { connect, type Socket } from "node:net";
import { defineService } from "unigate";
import { expect, onTestFinished, test } from "vitest";
import { cert, key } from "../../../support/certificate.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { openHttpDoor } from "../../../support/http-door.ts";
import { bodyOf, startServer } from "../../../support/http-server.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { type Answer, lookEveryMs, startTwins } from "./twins.ts";

const get = "GET /x HTTP/1.1\r\nhost: a\r\n\r\n";
const answer: Answer = (_request, _body, response) => {
  response.writeHead(200, ["content-length", "2"]);
  response.end("ok");
};

/** A client, and how often it has been answered. */
function open(port: number): { socket: Socket; answers: () => number } {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
  socket.on("error", () => {});
  return { socket, answers: () => text.split("HTTP/1.1 200").length - 1 };
}

test("a connection that nothing is asked on any more is ended after 72 s, and not before", async () => {
  const clock = new ManualClock();
  const { ours } = await startTwins(answer, clock);
  const { socket, answers } = open(ours);
  socket.write(get);
  await eventuallyTrue("it is answered", () => answers() === 1);
  clock.advance(71_000);
  socket.write(get);
  await eventuallyTrue("it is answered again", () => answers() === 2);
  clock.advance(73_000);
  await eventuallyTrue("it is ended", () => socket.readableEnded || socket.destroyed);
});

test("a client that is slow to begin, or to go on, is Node's to wait for, and answered all the same", async () => {
  const clock = new ManualClock();
  const { ours, taken } = await startTwins(answer, clock);
  const [silent, slow] = [open(ours), open(ours)];
  slow.socket.write(get.slice(0, 20));
  const third = open(ours);
  third.socket.write(get);
  await eventuallyTrue("all are there", () => third.answers() === 1);
  clock.advance(3 * lookEveryMs);
  slow.socket.write(get.slice(20));
  silent.socket.write(get);
  await eventuallyTrue("both are answered", () => slow.answers() === 1 && silent.answers() === 1);
  expect(taken()).toBe(1);
});

test("a client that has ended its side still hears what it had asked, to the last", async () => {
  const { ours } = await startTwins(answer);
  const { socket, answers } = open(ours);
  socket.end(get.repeat(3));
  await eventuallyTrue("the other side ends too", () => socket.readableEnded);
  expect(answers()).toBe(3);
});

test("idle connections can be ended without those that run or wait for the rest of a request", async () => {
  const running: (() => void)[] = [];
  const { ours, ingress } = await startTwins((request, body, response) => {
    if (request.url === "/x") answer(request, body, response);
    else running.push(() => answer(request, body, response));
  }, new ManualClock());
  const [idle, busy, half] = [open(ours), open(ours), open(ours)];
  idle.socket.write(get);
  busy.socket.write(get.replace("/x", "/slow"));
  half.socket.write(get + get.slice(0, 20));
  await eventuallyTrue("they are", () => idle.answers() === 1 && running.length === 1 && half.answers() === 1);
  ingress.closeIdle();
  await eventuallyTrue("the idle one is ended", () => idle.socket.readableEnded || idle.socket.destroyed);
  for (const go of running) go();
  half.socket.write(get.slice(20));
  await eventuallyTrue("the others are answered", () => busy.answers() === 1 && half.answers() === 2);
});

test("what has been said is sent once its client has read it, and not before", async () => {
  const large = 20_000_000;
  const { ours, ingress, taken } = await startTwins((_request, _body, response) => {
    response.writeHead(200, ["content-length", String(large)]);
    response.end(Buffer.alloc(large));
  });
  const client = connect(ours, "127.0.0.1").pause();
  onTestFinished(() => void client.destroy());
  client.write(get);
  let isSent = false;
  await eventuallyTrue("it is on its way", () => taken() === 1);
  const sent = ingress.sent().then(() => (isSent = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isSent).toBe(false);
  client.resume();
  await sent;
  await eventuallyTrue("all of it came", () => client.bytesRead > large);
});

test.each(["http", "https"])(
  "one connection of %s takes calls, proxied requests, large uploads and the gate's pages in turn",
  async (scheme) => {
    const upstream = await startServer(async (incoming, response) => response.end(String((await bodyOf(incoming)).length)));
    const tls = scheme === "https" ? { tls: { cert, key } } : {};
    const service = defineService("t", { size: (body: Uint8Array) => body.length });
    const { port } = await openHttpDoor(service, { http: { ...tls, proxy: [{ path: "/app/*", to: upstream.url }] } });
    const agent =
      scheme === "https" ? new Agent({ keepAlive: true, maxSockets: 1, ca: cert }) : new PlainAgent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const ask = async (path: string, body?: Buffer): Promise<string> => {
      const method = body === undefined ? "GET" : "POST";
      const headers = { "content-type": "application/octet-stream" };
      const answered = await new Promise<IncomingMessage>((resolve, reject) => {
        const send = scheme === "https" ? request : plainRequest;
        send({ host: "localhost", family: 4, port, path, method, headers, agent }, resolve).on("error", reject).end(body);
      });
      return String(await bodyOf(answered));
    };
    const small = Buffer.alloc(30_000);
    const large = Buffer.alloc(900_000);
    expect([await ask("/call/t.size", small), await ask("/app/x", small), await ask("/app/y")]).toEqual(["30000", "30000", "0"]);
    expect([await ask("/app/x", large), await ask("/call/t.size", large), await ask("/health")]).toEqual([
      "900000",
      "900000",
      '{"status":"ok"}',
    ]);
    expect([await ask("/call/t.size", small), await ask("/app/x", small)]).toEqual(["30000", "30000"]);
    expect(Object.values({ ...agent.sockets, ...agent.freeSockets }).flat()).toHaveLength(1);
  },
);
