import { connect as connectHttp2 } from "node:http2";
import { createWorker, defineService } from "unigate";
import { createGate } from "unigate/gate";
import { grpc } from "unigate/grpc";
import { http } from "unigate/http";
import { expect, it, onTestFinished } from "vitest";
import { eventuallyTrue } from "../../../support/eventually.ts";
import { memory } from "../../../support/memory.ts";

const kitchen = new URL("protos/kitchen.proto", import.meta.url).pathname;

it("a stream that its caller stops reading, and leaves, gives its place back, whichever way it came in", { timeout: 60_000 }, async () => {
  let sent = 0;
  const service = defineService("Kitchen", {
    async *count() {
      for (;;) {
        sent++;
        yield { text: "x".repeat(1000), number: sent % 1000 };
      }
    },
  });
  const gate = createGate({ settle: 0, transports: [grpc({ port: 0, protos: [kitchen] }), http({ port: 0 })] });
  await gate.start();
  const worker = createWorker({ services: [service], open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  onTestFinished(async () => {
    await worker.close();
    await gate.close();
  });
  const urlOf = (name: string): string => gate.addresses.find(({ transport }) => transport === name)!.url.replace("grpc:", "http:");
  const grpcUrl = urlOf("grpc");
  const stops = async (): Promise<void> => {
    let last = -1;
    await eventuallyTrue("the worker is held up", async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const isHeld = sent === last && sent > 0;
      last = sent;
      return isHeld;
    });
  };
  const isFree = (): Promise<void> =>
    eventuallyTrue("its place is free", () => gate.status.workers().every(({ inFlight }) => inFlight === 0));

  const call = (path: string, headers: Record<string, string>, body: Buffer): (() => void) => {
    const session = connectHttp2(grpcUrl);
    session.on("error", () => {});
    const stream = session.request({ ":method": "POST", ":path": path, te: "trailers", ...headers });
    stream.on("error", () => {});
    stream.end(body);
    return () => session.destroy();
  };
  const empty = Buffer.alloc(5);
  const toKitchen = ["/kitchen.v1.Kitchen/Count", { "content-type": "application/grpc" }, empty] as const;
  const target = Buffer.from("Kitchen.count");
  const callStream = Buffer.concat([Buffer.of(0, 0, 0, 0, target.length + 2, 0x0a, target.length), target]);
  const ways: Record<string, () => Promise<() => void> | (() => void)> = {
    "a generated client": () => call(...toKitchen),
    "gate.v1.Gate/CallStream": () => call("/gate.v1.Gate/CallStream", { "content-type": "application/grpc" }, callStream),
    "gRPC-Web": () => call("/kitchen.v1.Kitchen/Count", { "content-type": "application/grpc-web" }, empty),
    NDJSON: async () => {
      const over = new AbortController();
      const reply = await fetch(`${urlOf("http")}/call/Kitchen.count`, { method: "POST", signal: over.signal });
      await reply.body!.getReader().read();
      return () => over.abort();
    },
  };
  for (const [way, begin] of Object.entries(ways)) {
    sent = 0;
    const leave = await begin();
    await stops();
    expect({ way, inFlight: gate.status.workers()[0]?.inFlight }).toEqual({ way, inFlight: 1 });
    leave();
    await isFree();
  }
});
