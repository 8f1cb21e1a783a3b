import { createGate } from "unigate/gate";
import { http } from "unigate/http";
import { Metadata } from "unigate/transport";
import { createWorker } from "unigate/worker";
import { zmq } from "unigate/zmq";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { exchange } from "../../../support/http-door.ts";
import { startServer } from "../../../support/http-server.ts";
import { openGate } from "../proxy/proxy-world.ts";
import { expose, openExposed } from "./expose-world.ts";

test("a server can be exposed over ZeroMQ as well", async () => {
  const gate = createGate({ settle: 0, transports: [http({ port: 0 }), zmq({ bind: "tcp://127.0.0.1:0" })] });
  await gate.start();
  onTestFinished(() => gate.close());
  const [url, link] = gate.addresses.map((address) => address.url) as [string, string];
  const server = await startServer(async (request, response) => void request.pipe(response));
  await expose({ gate, url, port: Number(new URL(url).port) }, server.url, { gate: link });
  const body = Buffer.alloc(500_000, "gate");
  const response = await fetch(url, { method: "POST", body });
  expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
});

test("a worker that is cut off takes its WebSockets along: both ends hear of it", async () => {
  const { url, server, worker } = await openExposed((_request, response) => response.end());
  const sockets = new WebSocketServer({ server: server.server });
  onTestFinished(() => sockets.clients.forEach((socket) => socket.terminate()));
  const socket = new WebSocket(url.replace("http", "ws"));
  socket.on("error", () => {});
  let code = 0;
  socket.on("close", (given: number) => (code = given));
  await eventuallyTrue("it is open", () => socket.readyState === WebSocket.OPEN && sockets.clients.size === 1);
  await worker.close();
  await eventuallyTrue("the caller hears of it", () => code === 1006);
  await eventuallyTrue("the server hears of it", () => sockets.clients.size === 0);
});

test("a worker cannot slip lines into the answer to an upgrade", async () => {
  const { url, gate } = await openGate({});
  const worker = createWorker({
    services: [],
    raw: [
      {
        info: { name: "odd.fetch", http: ["ANY /*"] },
        send(_job, sink) {
          sink.head?.(Metadata.fromFlat([":status", "101", ":reason", "Fine\r\nset-cookie: a=1"]));
          sink.end();
          return { cancel: () => {}, resume: () => {} };
        },
      },
    ],
    gate: url.replace("http", "ws"),
  });
  onTestFinished(() => worker.close());
  await worker.start();
  const head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n";
  const { text } = await exchange(Number(new URL(url).port), head);
  expect(text).toMatch(/^HTTP\/1\.1 500 /);
  expect(text).not.toContain("set-cookie");
  await eventuallyTrue("it is over", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
});

test("a caller that does not read holds the server up, and has all of it once it reads", async () => {
  const total = 96 * 1024 * 1024;
  const piece = Buffer.alloc(64 * 1024, "x");
  let written = 0;
  let isHeldUp = false;
  const { url } = await openExposed((_request, response) => {
    const write = (): void => {
      isHeldUp = false;
      while (written < total) {
        written += piece.length;
        if (response.write(piece)) continue;
        isHeldUp = true;
        return void response.once("drain", write);
      }
      response.end();
    };
    write();
  });
  const reader = (await fetch(url)).body!.getReader();
  let before = -1;
  let still = 0;
  await eventuallyTrue("the server is held up", () => {
    still = isHeldUp && written === before ? still + 1 : 0;
    before = written;
    return still === 5;
  });
  expect(written).toBeLessThan(total / 2);
  let read = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) read += part.value.length;
  expect(read).toBe(total);
});
