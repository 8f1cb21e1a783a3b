import { connect as connectHttp2, type ServerHttp2Stream } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { createGate } from "unigate/gate";
import { grpc } from "unigate/grpc";
import { http } from "unigate/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { startGate } from "./gate.ts";
import { answer, message, rawCall, rawServer, rawSession } from "./raw-server.ts";
import { frameBytes } from "../h2/frame-bytes.ts";

const ok = 0;
const kitchen = new URL("../native/protos/kitchen.proto", import.meta.url).pathname;
const frames = { data: 0, headers: 1, settings: 4, ping: 6, continuation: 9 };

/** A connection that has said hello. */
function greet(port: number): Socket {
  const socket = connectTcp(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  socket.resume();
  socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frameBytes(frames.settings, 0, 0, Buffer.alloc(0))]));
  return socket;
}

/** Writes `one` again and again until the other side ends the connection; gives the bytes that it took. */
async function flood(socket: Socket, one: Buffer, mostBytes: number): Promise<number> {
  let bytes = 0;
  while (!socket.closed && bytes < mostBytes) {
    const hasRoom = socket.write(one);
    bytes += one.length;
    await (hasRoom ? new Promise((resolve) => setImmediate(resolve)) : Promise.race([once(socket, "drain"), once(socket, "close")]));
  }
  return bytes;
}

function once(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve) => socket.once(event, () => resolve()));
}

async function world(serve: (stream: ServerHttp2Stream) => void = (stream) => answer(stream)): Promise<{
  address: string;
  port: number;
  asked: () => number;
}> {
  const server = await rawServer({ serve });
  const { address, port } = await startGate({ upstreams: { "*": { to: server.address } } });
  return { address, port, asked: () => server.asked.length };
}

describe("a gRPC port", () => {
  it("ends a connection whose headers have no end, long before they fill its memory", async () => {
    const { address, port } = await world();
    const socket = greet(port);
    socket.write(frameBytes(frames.headers, 0, 1, Buffer.of(0x82)));
    const piece = Buffer.alloc(16_000, 0x82);
    expect(await flood(socket, frameBytes(frames.continuation, 0, 1, piece), 100_000_000)).toBeLessThan(20_000_000);
    expect((await rawCall(rawSession(address))).status).toBe(ok);
  });

  it("ends a connection that sends empty continuations without end", async () => {
    const { address, port } = await world();
    const socket = greet(port);
    socket.write(frameBytes(frames.headers, 0, 1, Buffer.of(0x82)));
    const none = Buffer.concat(Array.from({ length: 1000 }, () => frameBytes(frames.continuation, 0, 1, Buffer.alloc(0))));
    expect(await flood(socket, none, 100_000_000)).toBeLessThan(20_000_000);
    expect((await rawCall(rawSession(address))).status).toBe(ok);
  });

  it("refuses a call whose headers are more than it takes, and no server hears of it", async () => {
    const { address, asked } = await world();
    const session = connectHttp2(`http://${address}`, { maxSendHeaderBlockLength: 1024 * 1024 });
    onTestFinished(() => session.destroy());
    session.on("error", () => {});
    const large = { "x-large": "x".repeat(200_000) };
    const refused = await rawCall(session, { headers: large });
    expect(refused.status).not.toBe(ok);
    expect(asked()).toBe(0);
    expect((await rawCall(rawSession(address), { headers: { "x-small": "x".repeat(2000) } })).status).toBe(ok);
  });

  it("answers pings, and ends a connection that never reads the answers", async () => {
    const { address, port } = await world();
    const socket = greet(port);
    socket.pause();
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => frameBytes(frames.ping, 0, 0, Buffer.alloc(8))));
    expect(await flood(socket, pings, 200_000_000)).toBeLessThan(200_000_000);
    expect((await rawCall(rawSession(address))).status).toBe(ok);
  });

  it("passes a malformed length prefix on as it is: only the two ends read messages", async () => {
    const bodies: Buffer[] = [];
    const { address } = await world((stream) => {
      const chunks: Buffer[] = [];
      stream.on("data", (bytes: Buffer) => chunks.push(bytes));
      stream.on("end", () => {
        bodies.push(Buffer.concat(chunks));
        answer(stream, "refused", { "grpc-status": "13", "grpc-message": "malformed" });
      });
    });
    const body = Buffer.of(7, 0xff, 0xff, 0xff, 0xff, 1, 2);
    expect(await rawCall(rawSession(address), { body })).toMatchObject({ status: 13, message: "malformed" });
    expect(bodies).toEqual([body]);
  });

  it("leaves messages as they are packed, and tells each end how the other packs", async () => {
    const packed = Buffer.concat([Buffer.of(1, 0, 0, 0, 3), Buffer.from("zip")]);
    const server = await rawServer({
      serve(stream) {
        stream.resume();
        stream.respond(
          { ":status": 200, "content-type": "application/grpc+proto", "grpc-encoding": "br", "grpc-accept-encoding": "gzip,br" },
          { waitForTrailers: true },
        );
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(packed);
      },
    });
    const { address } = await startGate({ upstreams: { "*": { to: server.address } } });
    const headers = { "grpc-encoding": "snappy", "grpc-accept-encoding": "br" };
    const reply = await rawCall(rawSession(address), { body: packed, headers });
    expect(server.asked[0]).toMatchObject(headers);
    expect(reply.headers).toMatchObject({ "grpc-encoding": "br", "grpc-accept-encoding": "gzip,br" });
    expect(reply.body).toEqual(packed);
  });
});

describe("a server that answers nonsense", () => {
  it.each([
    ["a malformed prefix", Buffer.of(9, 0, 0, 0, 1, 1)],
    ["a message that never ends", Buffer.of(0, 0, 0, 0, 9, 1)],
    ["no message", Buffer.alloc(0)],
    ["a message that is none", message("\u0007\u0007\u0007")],
    ["two messages for one", Buffer.concat([message(""), message("")])],
  ])("(%s) costs a caller with JSON that call and no other", async (_, body) => {
    const server = await rawServer({
      serve(stream) {
        stream.resume();
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(body);
      },
    });
    const upstreams = { "kitchen.v1.*": { to: server.address, protos: [kitchen] } };
    const gate = createGate({ settle: 0, transports: [http({ port: 0 }), grpc({ port: 0, upstreams })] });
    await gate.start();
    onTestFinished(() => gate.close());
    const { url } = gate.addresses.find(({ transport }) => transport === "http")!;
    const reply = await fetch(`${url}/kitchen.v1.Kitchen/Say`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([500, "internal"]);
    await eventuallyTrue("nothing is in flight", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
  });
});
