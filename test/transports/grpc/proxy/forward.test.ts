import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect } from "unigate";
import type { Gate } from "unigate/gate";
import {
  type CallOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { dirname } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { freePort } from "../../../support/processes.ts";
import { asked, kitchenServer } from "../native/upstream.ts";
import { startGate } from "./gate.ts";
import { answer, message, rawCall, rawServer, rawSession } from "./raw-server.ts";

const file = new URL("../native/protos/kitchen.proto", import.meta.url).pathname;

interface Line {
  text: string;
  number: number;
}
type Done<T> = (error: ServiceError | null, value?: T) => void;
interface Kitchen {
  Say(line: Line, metadata: Metadata, options: CallOptions, done: Done<Line>): ClientUnaryCall;
  Count(line: Line, metadata?: Metadata): ClientReadableStream<Line>;
  Collect(done: Done<Line>): ClientWritableStream<Line>;
  Chat(): ClientDuplexStream<Line, Line>;
  close(): void;
}

function kitchenClient(address: string): Kitchen {
  const includeDirs = [dirname(file), new URL("../../../../node_modules/protobufjs", import.meta.url).pathname];
  const definition = loadSync(file, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true, includeDirs });
  const { Kitchen } = (loadPackageDefinition(definition) as never as { kitchen: { v1: { Kitchen: new (...args: unknown[]) => Kitchen } } })
    .kitchen.v1;
  const client = new Kitchen(address, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  onTestFinished(() => client.close());
  return client;
}

/** A gate in front of one grpc-js server. */
async function world(): Promise<{ gate: Gate; client: Kitchen; address: string; port: number }> {
  const upstream = await kitchenServer(file);
  const { gate, address, port } = await startGate({ upstreams: { "kitchen.v1.*": { to: `127.0.0.1:${upstream}` } } });
  return { gate, client: kitchenClient(address), address, port };
}

const say = (client: Kitchen, line: Line, metadata = new Metadata(), options: CallOptions = {}): Promise<Line> =>
  new Promise((resolve, reject) => {
    client.Say(line, metadata, options, (error, value) => (error === null ? resolve(value as Line) : reject(error)));
  });

describe("a proxied gRPC server", () => {
  it("answers all four kinds of call, and no .proto is named", async () => {
    const { client, gate } = await world();
    expect(await say(client, { text: "hi", number: 3 })).toEqual({ text: "HI", number: 3 });
    const counted: number[] = [];
    for await (const line of client.Count({ text: "", number: 50 })) counted.push((line as Line).number);
    expect(counted).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
    const sum = await new Promise((resolve, reject) => {
      const call = client.Collect((error, value) => (error === null ? resolve(value) : reject(error)));
      for (const number of [1, 2, 3]) call.write({ text: "", number });
      call.end();
    });
    expect(sum).toEqual({ text: "sum", number: 6 });
    const chat = client.Chat();
    const heard: string[] = [];
    chat.on("data", ({ text }: Line) => {
      heard.push(text);
      if (heard.length < 5) chat.write({ text: `${heard.length}`, number: 0 });
      else chat.end();
    });
    chat.write({ text: "0", number: 0 });
    await new Promise((resolve) => chat.on("end", resolve));
    expect(heard).toEqual(["0", "1", "2", "3", "4"]);
    expect(gate.status.queues().map(({ target, completed }) => [target, completed])).toEqual([
      ["kitchen.v1.Kitchen.Say", 1],
      ["kitchen.v1.Kitchen.Count", 1],
      ["kitchen.v1.Kitchen.Collect", 1],
      ["kitchen.v1.Kitchen.Chat", 1],
    ]);
  });

  it("keeps status, message and metadata as they are", async () => {
    const { client } = await world();
    const call = new Promise<Metadata>((resolve) => {
      client.Say({ text: "a", number: 0 }, new Metadata(), {}, () => {}).on("metadata", resolve);
    });
    expect((await call).get("x-kitchen")).toEqual(["open"]);
    await expect(say(client, { text: "fail", number: 0 })).rejects.toMatchObject({ code: status.FAILED_PRECONDITION, details: "not now" });
  });

  it("hears metadata as its caller sent it, and its own and its trailers come back so, bytes and details included", async () => {
    const bytes = Buffer.of(0, 255, 1).toString("base64");
    const server = await rawServer({
      serve(stream) {
        stream.respond({ "content-type": "application/grpc", "x-head": ["a", "b"], "x-head-bin": bytes }, { waitForTrailers: true });
        const trailers = {
          "grpc-status": "9",
          "grpc-message": "not%20now",
          "grpc-status-details-bin": bytes,
          "x-end": "e",
          "x-end-bin": bytes,
        };
        stream.on("wantTrailers", () => stream.sendTrailers(trailers));
        stream.end(message("part"));
      },
    });
    const { address } = await startGate({ upstreams: { "*": { to: server.address } } });
    const reply = await rawCall(rawSession(address), { headers: { "x-trace": "t1", "x-many": ["1", "2"], "x-raw-bin": bytes } });
    expect(server.asked[0]).toMatchObject({ "x-trace": "t1", "x-many": "1, 2", "x-raw-bin": bytes });
    expect(reply.headers).toMatchObject({ "x-head": "a, b", "x-head-bin": bytes });
    expect(reply.trailers).toMatchObject({ "grpc-status-details-bin": bytes, "x-end": "e", "x-end-bin": bytes });
    expect([reply.status, reply.message, reply.body]).toEqual([status.FAILED_PRECONDITION, "not now", message("part")]);
  });

  it("passes a message of 20 MB in both directions", async () => {
    const { client } = await world();
    const { text, number } = await say(client, { text: "x".repeat(20 * 1024 * 1024), number: 1 });
    expect([text.length, /^X*$/.test(text), number]).toEqual([20 * 1024 * 1024, true, 1]);
  });

  it("holds a stream up at its source while its reader does not read", async () => {
    const { address, client } = await world();
    asked.sent = 0;
    const session = connectHttp2(`http://${address}`);
    onTestFinished(() => session.destroy());
    const stream = session.request({
      ":method": "POST",
      ":path": "/kitchen.v1.Kitchen/Count",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    // Line { number: 200000 }, and nobody reads the answer: 200 MB.
    const message = Buffer.of(0x10, 0xc0, 0x9a, 0x0c);
    stream.end(Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message]));
    await eventuallyTrue("the server stops", async () => {
      const before = asked.sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return before > 0 && asked.sent === before;
    });
    expect(asked.sent).toBeLessThan(50_000);
    expect(await say(client, { text: "meanwhile", number: 1 })).toEqual({ text: "MEANWHILE", number: 1 });
    stream.close(8);
    await eventuallyTrue("the server hears that it is over", () => asked.isCancelled);
  });

  it("hears that its caller has cancelled", async () => {
    const { client, gate } = await world();
    asked.isCancelled = false;
    const call = client.Count({ text: "", number: 1_000_000_000 });
    const ended = new Promise((resolve) => call.on("error", resolve));
    await new Promise((resolve) => call.once("data", resolve));
    call.cancel();
    expect(await ended).toMatchObject({ code: status.CANCELLED });
    await eventuallyTrue("the server hears it", () => asked.isCancelled);
    await eventuallyTrue("nothing is in flight", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));
  });

  it("has the time that its caller has, and no more", async () => {
    const server = await rawServer();
    const { address } = await startGate({ upstreams: { "*": { to: server.address } } });
    const reply = await rawCall(rawSession(address), { headers: { "grpc-timeout": "300m" } });
    expect(reply.status).toBe(status.DEADLINE_EXCEEDED);
    const [, left, unit] = /^(\d+)(\w)$/.exec(String(server.asked[0]?.["grpc-timeout"])) ?? [];
    const leftMs = Number(left) / (unit === "u" ? 1000 : 1);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(300);
  });

  it("is called by clients of the gate too, in its own bytes", async () => {
    const { gate, client } = await world();
    await say(client, { text: "learnt", number: 0 });
    expect(gate.status.services().map(({ name }) => name)).toEqual(["kitchen.v1.Kitchen"]);
  });

  it("that is away fails its calls as unavailable at once, and serves again when it is back", async () => {
    const port = await freePort();
    const { address } = await startGate({ upstreams: { "*": { to: `127.0.0.1:${port}` } } });
    const client = kitchenClient(address);
    await expect(say(client, { text: "x", number: 0 })).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await rawServer({ port, serve: (stream) => answer(stream) });
    const session = rawSession(address);
    await eventuallyTrue("it serves", async () => (await rawCall(session)).body.equals(message("done")));
  });
});

describe("a gRPC port", () => {
  it("tells who calls an unknown method that nothing serves it", async () => {
    const { address } = await startGate({});
    await expect(say(kitchenClient(address), { text: "x", number: 0 })).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
      details: expect.stringContaining("/kitchen.v1.Kitchen/Say"),
    });
  });

  it("tells HTTP/1.1 and plain HTTP/2 what it speaks", async () => {
    const { address } = await startGate({});
    const reply = await fetch(`http://${address}/`);
    expect([reply.status, await reply.text()]).toEqual([415, expect.stringContaining("this port speaks gRPC")]);
    const session = connectHttp2(`http://${address}`);
    onTestFinished(() => session.destroy());
    const got = await new Promise((resolve) => session.request({ ":path": "/" }).on("response", (headers) => resolve(headers[":status"])));
    expect(got).toBe(415);
  });

  it("ends a connection that speaks nothing it knows, and serves the others", async () => {
    const { client, port } = await world();
    const socket = connectTcp(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot a frame of any kind at all ........");
    socket.resume();
    await new Promise((resolve) => socket.on("close", resolve));
    expect(await say(client, { text: "still", number: 1 })).toEqual({ text: "STILL", number: 1 });
  });

  it("cuts a client that opens and resets streams without end", async () => {
    const { client, port } = await world();
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    const closed = new Promise((resolve) => session.on("close", resolve));
    for (let at = 0; at < 20_000 && !session.destroyed; at++) {
      const stream = session.request({ ":method": "POST", ":path": "/kitchen.v1.Kitchen/Count", "content-type": "application/grpc" });
      stream.on("error", () => {});
      stream.close(8);
      if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    expect(await say(client, { text: "still", number: 1 })).toEqual({ text: "STILL", number: 1 });
  });

  it("serves the gate's own service beside its upstreams", async () => {
    const { gate } = await world();
    const direct = connect(gate.addresses[0]!.url);
    onTestFinished(() => direct.close());
    expect(await direct.discover()).toBeInstanceOf(Array);
  });
});
