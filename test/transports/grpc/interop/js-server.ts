import {
  compressionAlgorithms,
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type status,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { onTestFinished } from "vitest";

interface EchoStatus {
  code: status;
  message: string;
}
interface Request {
  response_size: number;
  response_parameters: { size: number; interval_us: number }[];
  payload: { body: Buffer } | null;
  response_status: EchoStatus | null;
}

/** The interoperability service by grpc-js; gives its port, and closes when the test is over. */
export async function startJsServer(file: string): Promise<number> {
  const definition = loadSync(file, { keepCase: true, defaults: true });
  const { service } = (loadPackageDefinition(definition) as never as { grpc: { testing: { TestService: { service: never } } } }).grpc
    .testing.TestService;
  const server = new Server({ "grpc.default_compression_algorithm": compressionAlgorithms.gzip });
  server.addService(service, {
    EmptyCall: (_: unknown, done: sendUnaryData<object>) => done(null, {}),
    UnaryCall(call: ServerUnaryCall<Request, unknown>, done: sendUnaryData<unknown>) {
      const { response_status: echo, response_size: size } = call.request;
      const trailers = echoMetadata(call);
      if (echo !== null) return done({ code: echo.code, details: echo.message });
      done(null, { payload: { body: Buffer.alloc(size) } }, trailers);
    },
    StreamingOutputCall(call: ServerWritableStream<Request, unknown>) {
      for (const { size } of call.request.response_parameters) call.write({ payload: { body: Buffer.alloc(size) } });
      call.end();
    },
    StreamingInputCall(call: ServerReadableStream<Request, unknown>, done: sendUnaryData<unknown>) {
      let size = 0;
      call.on("data", ({ payload }: Request) => (size += payload?.body.length ?? 0));
      call.on("end", () => done(null, { aggregated_payload_size: size }));
    },
    FullDuplexCall(call: ServerDuplexStream<Request, unknown>) {
      const trailers = echoMetadata(call);
      call.on("data", ({ response_status: echo, response_parameters: parameters }: Request) => {
        if (echo !== null) {
          call.emit("error", { code: echo.code, details: echo.message });
          return;
        }
        for (const { size, interval_us: micros } of parameters) {
          const timer = setTimeout(() => call.write({ payload: { body: Buffer.alloc(size) } }), micros / 1000);
          call.on("cancelled", () => clearTimeout(timer));
        }
      });
      // What is still to be written leaves first.
      call.on("end", () => setTimeout(() => call.end(trailers), 20));
    },
  });
  onTestFinished(() => server.forceShutdown());
  return await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}

function echoMetadata(call: { metadata: Metadata; sendMetadata(metadata: Metadata): void }): Metadata {
  const [initial] = call.metadata.get("x-grpc-test-echo-initial");
  const [trailing] = call.metadata.get("x-grpc-test-echo-trailing-bin");
  const trailers = new Metadata();
  if (trailing !== undefined) trailers.set("x-grpc-test-echo-trailing-bin", trailing);
  if (initial === undefined) return trailers;
  const head = new Metadata();
  head.set("x-grpc-test-echo-initial", initial);
  call.sendMetadata(head);
  return trailers;
}
