import { connect, type IncomingHttpHeaders } from "node:http2";
import { gunzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { defineService } from "unigate";
import { describe, expect, it, onTestFinished } from "vitest";
import { frameMessage } from "../../../../transports/grpc/messages/frame-message.ts";
import { decodeMessage } from "../../../../transports/grpc/messages/status-trailers.ts";
import { CallReplySchema, CallRequestSchema } from "../../../../transports/grpc/schema/gate.ts";
import { nativeWorld } from "./native-world.ts";

interface Heard {
  status: string;
  message: string;
  body: Buffer;
  headers: IncomingHttpHeaders;
}

/** Sends bytes as they are to a method of the gate's own service. */
async function caller(): Promise<(bytes: Uint8Array, headers?: object, method?: string) => Promise<Heard>> {
  const { url } = await nativeWorld(defineService("t", { repeat: (text: string) => text.repeat(1000) }), {
    config: { maxPayload: "64kb" },
  });
  const session = connect(url.replace("grpc:", "http:"));
  onTestFinished(() => session.destroy());
  return async (bytes, headers = {}, method = "Call") => {
    const stream = session.request({
      ":method": "POST",
      ":path": `/gate.v1.Gate/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("error", () => {});
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on("response", (headers) => (head = headers));
    stream.on("trailers", (headers) => (trailers = headers));
    stream.end(bytes);
    const body = Buffer.concat(await stream.toArray());
    const end = { ...head, ...trailers };
    return { status: String(end["grpc-status"]), message: decodeMessage(String(end["grpc-message"])), body, headers: head };
  };
}

const request = (args: unknown[]): Uint8Array =>
  toBinary(CallRequestSchema, create(CallRequestSchema, { target: "t.repeat", payload: Buffer.from(JSON.stringify(args)) }));

describe("a call that breaks the rules of gRPC ends with a status that says how:", () => {
  it.each([
    ["a malformed length prefix", Buffer.from([9, 0, 0, 0, 0]), {}, "13", "first byte is 9"],
    ["a message beyond the limit", Buffer.from([0, 0x7f, 0, 0, 0]), {}, "8", "raise maxPayload"],
    ["an end inside a message", Buffer.from([0, 0, 0, 0, 9, 1]), {}, "13", "1 of 9 bytes"],
    ["no message", Buffer.alloc(0), {}, "12", "sent none"],
    ["two messages", Buffer.concat([frameMessage(request(["a"])), frameMessage(request(["b"]))]), {}, "12", "sent more"],
    ["bytes that are not the message", frameMessage(Buffer.from([0xff, 0xff, 0xff])), {}, "3", "gate.v1.CallRequest"],
    ["a malformed grpc-timeout", frameMessage(request(["a"])), { "grpc-timeout": "soon" }, "3", "grpc-timeout"],
    ["an unknown compression", frameMessage(request(["a"]), true), { "grpc-encoding": "br" }, "12", "use gzip"],
    ["a compressed message without grpc-encoding", frameMessage(request(["a"]), true), {}, "13", "names no grpc-encoding"],
  ])("%s", async (_what, bytes, headers, status, message) => {
    const call = await caller();
    const heard = await call(bytes, headers);
    expect(heard).toMatchObject({ status, message: expect.stringContaining(message) });
    // The connection serves on.
    expect((await call(frameMessage(request(["x"])))).status).toBe("0");
  });
});

it("a client that compresses gets compressed answers, any other gets plain ones", async () => {
  const call = await caller();
  const gzip = await call(frameMessage(request(["ab"]), true), { "grpc-encoding": "gzip", "grpc-accept-encoding": "identity,gzip" });
  expect(gzip.headers["grpc-encoding"]).toBe("gzip");
  expect(gzip.body[0]).toBe(1);
  expect(gzip.body.length).toBeLessThan(500);
  const { payload } = fromBinary(CallReplySchema, gunzipSync(gzip.body.subarray(5)));
  expect(JSON.parse(Buffer.from(payload).toString())).toBe("ab".repeat(1000));
  const plain = await call(frameMessage(request(["ab"])), { "grpc-accept-encoding": "identity,gzip" });
  expect(plain.headers["grpc-encoding"]).toBeUndefined();
  expect(plain.body[0]).toBe(0);
});

it("a link whose messages are no frames is ended with the reason, and disturbs nobody else", async () => {
  const call = await caller();
  expect(await call(frameMessage(Buffer.from([0xff, 0xff])), {}, "Connect")).toMatchObject({
    status: "3",
    message: expect.stringContaining("gate.v1.Frame"),
  });
  expect((await call(frameMessage(request(["x"])))).status).toBe("0");
});
