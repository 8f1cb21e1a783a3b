import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { createWorker, currentJob, defineService } from "unigate";
import { GateError } from "unigate/client";
import { createGate } from "unigate/gate";
import { type Transport } from "unigate/transport";
import { onTestFinished } from "vitest";
import { nativeMethods } from "../../../../transports/grpc/native/index.ts";
import { loadProtos } from "../../../../transports/grpc/protos/load-protos.ts";
import { serveWeb, type WebOptions } from "../../../../transports/grpc/web/serve-web.ts";
import { memory } from "../../../support/memory.ts";

/** The .proto of the service below. */
export const kitchen: string = new URL("../native/protos/kitchen.proto", import.meta.url).pathname;

interface Line {
  text: string;
  number: number;
}

/** What the handlers below did. */
export const seen = { isClosed: false };

const service = defineService("Kitchen", {
  say: ({ text, number }: Line) => {
    if (text === "fail") throw new GateError("failed_precondition", "not today: ü");
    currentJob().head({ "x-kitchen": "open" });
    return { text: `${text} ${currentJob().metadata.get("x-name") ?? ""}`, number };
  },
  async *count({ number }: Line) {
    try {
      for (let at = 1; at <= number; at++) {
        yield { text: "x".repeat(100), number: at };
        if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      seen.isClosed = true;
    }
  },
});

/** A gate that speaks gRPC-Web over HTTP/1.1 or HTTP/2, with one worker; closed when the test is over. */
export async function webWorld(options: WebOptions = {}, http2 = false): Promise<string> {
  const protos = await loadProtos([kitchen]);
  const door: Transport = {
    name: "web",
    async start(gate) {
      const methods = nativeMethods(gate, { protos });
      const serve = serveWeb((path) => methods.get(path), options);
      const server = http2 ? createHttp2Server() : createServer();
      server.on("request", (request, response) => {
        if (!serve(request, response)) response.writeHead(404).end();
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const close = async (): Promise<void> => {
        if ("closeAllConnections" in server) server.closeAllConnections();
        server.close();
      };
      return {
        addresses: [{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, purpose: "gRPC-Web" }],
        drain: async () => {},
        close,
      };
    },
  };
  const gate = createGate({ settle: 0, transports: [door] });
  await gate.start();
  const worker = createWorker({ services: [service], open: () => Promise.resolve(memory(gate)) });
  await worker.start();
  onTestFinished(async () => {
    await worker.close();
    await gate.close();
  });
  return gate.addresses[0]!.url;
}
