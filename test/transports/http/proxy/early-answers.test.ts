import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startServer } from "../../../support/http-server.ts";
import { freePort } from "../../../support/processes.ts";
import { openGate } from "./proxy-world.ts";

const bytes = 300_000;
const upload = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`;

/** A gate in front of a server that is gone (`/gone`), and of one that answers `/early` before it has read the body. */
async function openWorld(requestTimeout = "5s") {
  const { url: to } = await startServer((request, response) => {
    response.writeHead(request.method === "POST" ? 413 : 200).end();
  });
  return openGate({
    requestTimeout,
    proxy: [
      { path: "/gone", to: `http://127.0.0.1:${await freePort()}` },
      { path: "/*", to },
    ],
  });
}

function open(port: number): { socket: Socket; statuses: () => string[]; isClosed: () => boolean } {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (data) => (text += data.toString("latin1")));
  socket.on("error", () => {});
  return {
    socket,
    statuses: () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = ""]) => status),
    isClosed: () => socket.closed,
  };
}

describe.each([
  ["by the gate, for a server that is gone", "/gone", "502"],
  ["by the server itself", "/early", "413"],
])("a body that is answered before its end, %s,", (_who, path, status) => {
  test("leaves its connection for the next request", async () => {
    const { port } = await openWorld();
    const { socket, statuses } = open(port);
    socket.write(upload(path));
    socket.write(Buffer.alloc(bytes - 1000));
    await eventuallyTrue("it is answered", () => statuses().length === 1);
    socket.write(Buffer.alloc(1000));
    socket.write("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    await eventuallyTrue("the next one is answered", () => statuses().length === 2);
    expect(statuses()).toEqual([status, "200"]);
  });

  test("ends its connection when it goes on and on", async () => {
    const { port } = await openWorld();
    const { socket, statuses, isClosed } = open(port);
    socket.write(upload(path).replace(`Content-Length: ${bytes}`, "Transfer-Encoding: chunked"));
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const send = (): void => void socket.write(chunk, (error) => (error === null || error === undefined) && send());
    send();
    await eventuallyTrue("it is over", isClosed);
    expect(statuses().slice(1)).toEqual([]);
  });

  test("ends its connection when it stalls, and is not answered again", async () => {
    const { port } = await openWorld("200ms");
    const { socket, statuses, isClosed } = open(port);
    socket.write(upload(path));
    socket.write(Buffer.alloc(bytes - 1000));
    await eventuallyTrue("it is over", isClosed);
    expect(statuses()).toEqual([status]);
  });
});
