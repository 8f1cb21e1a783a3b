import { connect as connectHttp2 } from "node:http2";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { describe, expect, it, onTestFinished } from "vitest";
import { frameMessage } from "../../../../transports/grpc/messages/frame-message.ts";
import { loadProtos } from "../../../../transports/grpc/protos/load-protos.ts";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { kitchen, seen, webWorld } from "./web-world.ts";

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = Record<string, (request: object, options?: object) => any>;

async function client(url: string): Promise<Loose> {
  const service = (await loadProtos([kitchen])).getService("kitchen.v1.Kitchen")!;
  return createClient(service, createGrpcWebTransport({ baseUrl: url }));
}

describe("gRPC-Web over HTTP/1.1, by connect-web", () => {
  it("brings a value, with metadata both ways", async () => {
    const { say } = await client(await webWorld());
    let head: Headers | undefined;
    const reply = await say!({ text: "hi", number: 2 }, { headers: { "x-name": "Ada" }, onHeader: (headers: Headers) => (head = headers) });
    expect(reply).toMatchObject({ text: "hi Ada", number: 2 });
    expect(head?.get("x-kitchen")).toBe("open");
  });

  it("brings an error with its code and message", async () => {
    const { say, collect } = await client(await webWorld());
    await expect(say!({ text: "fail" })).rejects.toMatchObject({ code: 9, rawMessage: "not today: ü" });
    expect(collect).toBeDefined();
  });

  it("brings a stream, and cancels it when its reader leaves", async () => {
    const { count } = await client(await webWorld());
    const numbers = [];
    for await (const { number } of count!({ number: 250 })) numbers.push(number);
    expect(numbers).toEqual(Array.from({ length: 250 }, (_, at) => at + 1));
    seen.isClosed = false;
    const leave = new AbortController();
    const read = async (): Promise<void> => {
      for await (const { number } of count!({ number: 100_000_000 }, { signal: leave.signal })) if (number === 10) leave.abort();
    };
    await expect(read()).rejects.toMatchObject({ code: 1 });
    await eventuallyTrue("the generator is closed", () => seen.isClosed);
  });

  it("answers unimplemented for a method that is not there", async () => {
    const url = await webWorld();
    const reply = await fetch(`${url}/none.Such/Method`, {
      method: "POST",
      headers: { "content-type": "application/grpc-web+proto" },
      body: frameMessage(Buffer.alloc(0)),
    });
    expect(reply.headers.get("grpc-status")).toBe("12");
  });
});

describe("gRPC-Web", () => {
  it("is served over HTTP/2 too", async () => {
    const url = await webWorld({}, true);
    const session = connectHttp2(url);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":method": "POST", ":path": "/kitchen.v1.Kitchen/Say", "content-type": "application/grpc-web+proto" });
    stream.end(frameMessage(Buffer.from([0x0a, 2, 0x68, 0x69])));
    const body = Buffer.concat(await stream.toArray());
    expect(body.readUInt8(0)).toBe(0);
    expect(body.toString("latin1")).toContain("grpc-status: 0");
  });

  it("reads and writes base64 as grpc-web-text, wherever the text is cut", async () => {
    const url = await webWorld();
    const text = frameMessage(Buffer.from([0x0a, 2, 0x68, 0x69])).toString("base64");
    for (let cut = 0; cut <= text.length; cut++) {
      const body = new ReadableStream({
        start(controller) {
          if (cut > 0) controller.enqueue(Buffer.from(text.slice(0, cut)));
          controller.enqueue(Buffer.from(text.slice(cut)));
          controller.close();
        },
      });
      const headers = { "content-type": "application/grpc-web-text+proto" };
      const reply = await fetch(`${url}/kitchen.v1.Kitchen/Say`, { method: "POST", headers, body, duplex: "half" });
      expect(reply.headers.get("content-type")).toBe("application/grpc-web-text+proto");
      const parts = (await reply.text()).match(/[^=]+=*/g)!.map((part) => Buffer.from(part, "base64"));
      expect(Buffer.concat(parts).toString("latin1")).toMatch(/hi .*grpc-status: 0/s);
    }
  });

  it("lets a page of another origin call only where the config says so", async () => {
    const ask = (url: string, origin: string): Promise<Response> =>
      fetch(`${url}/kitchen.v1.Kitchen/Say`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-name" },
      });
    const url = await webWorld({ origin: ["https://app.example"] });
    const allowed = await ask(url, "https://app.example");
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(allowed.headers.get("access-control-allow-headers")).toBe("x-name");
    expect((await ask(url, "https://other.example")).status).toBe(403);
    expect((await ask(await webWorld(), "https://app.example")).status).toBe(403);
  });
});
