import {
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  Server,
  ServerCredentials,
  loadPackageDefinition,
  status,
  Metadata as GrpcMetadata,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { dirname } from "node:path";
import { onTestFinished } from "vitest";

interface Line {
  text: string;
  number: number;
}

/** What the upstream below has been asked. */
export const asked: { dish?: Record<string, unknown>; metadata?: Record<string, unknown>; isCancelled: boolean; sent: number } = {
  isCancelled: false,
  sent: 0,
};

/** A grpc-js server of kitchen.proto; closed when the test is over. */
export async function kitchenServer(file: string): Promise<number> {
  const includeDirs = [dirname(file), new URL("../../../../node_modules/protobufjs", import.meta.url).pathname];
  const definition = loadSync(file, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true, includeDirs });
  const { service } = (loadPackageDefinition(definition) as never as { kitchen: { v1: { Kitchen: { service: never } } } }).kitchen.v1
    .Kitchen;
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(service, {
    Cook(call: ServerUnaryCall<Record<string, unknown>, unknown>, done: sendUnaryData<unknown>) {
      asked.dish = call.request;
      asked.metadata = call.metadata.getMap();
      done(null, call.request);
    },
    Say(call: ServerUnaryCall<Line, Line>, done: sendUnaryData<Line>) {
      if (call.request.text === "fail") return done({ code: status.FAILED_PRECONDITION, details: "not now" });
      const metadata = new GrpcMetadata();
      metadata.set("x-kitchen", "open");
      call.sendMetadata(metadata);
      done(null, { text: call.request.text.toUpperCase(), number: call.request.number });
    },
    Count(call: ServerWritableStream<Line, Line>) {
      let at = 0;
      call.on("cancelled", () => (asked.isCancelled = true));
      const pump = (): void => {
        while (at < call.request.number) {
          asked.sent = ++at;
          if (!call.write({ text: "x".repeat(1000), number: at })) return void call.once("drain", pump);
        }
        call.end();
      };
      pump();
    },
    Collect(call: ServerReadableStream<Line, Line>, done: sendUnaryData<Line>) {
      let number = 0;
      call.on("data", (line: Line) => (number += line.number));
      call.on("end", () => done(null, { text: "sum", number }));
    },
    Chat(call: ServerDuplexStream<Line, Line>) {
      call.on("data", (line: Line) => call.write(line));
      call.on("end", () => call.end());
    },
    Ping: (_call: unknown, done: sendUnaryData<object>) => done(null, {}),
  });
  onTestFinished(() => server.forceShutdown());
  return await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}
