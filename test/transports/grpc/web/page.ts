/** What the page of the browser test runs: two gRPC-Web clients that somebody else wrote. */
import { create, createFileRegistry, type DescMethod, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import grpcWeb from "grpc-web";

interface Line {
  text: string;
  number: number;
}

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = Record<string, (request: object, options?: object) => any>;

/** Calls the gate at `url` with both clients and tells what they heard. */
async function run(url: string, descriptors: string): Promise<object> {
  const bytes = Uint8Array.from(atob(descriptors), (one) => one.charCodeAt(0));
  const service = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes)).getService("kitchen.v1.Kitchen")!;
  const client = createClient(service, createGrpcWebTransport({ baseUrl: url })) as unknown as Loose;
  const said = (await client["say"]!({ text: "hi", number: 2 }, { headers: { "x-name": "page" } })) as Line;
  const numbers: number[] = [];
  for await (const line of client["count"]!({ number: 5 }) as AsyncIterable<Line>) numbers.push(line.number);
  const failure = await client["say"]!({ text: "fail" }).catch((error: { code: number; rawMessage: string }) => ({
    code: error.code,
    text: error.rawMessage,
  }));
  return { said: said.text, numbers, failure, text: await textMode(url, service.method) };
}

/** Google's own client in its base64 mode, over XMLHttpRequest. */
function textMode(url: string, method: Readonly<Record<string, DescMethod>>): Promise<object> {
  const { input, output } = method["count"]!;
  const descriptor = new grpcWeb.MethodDescriptor<Line, Line>(
    "/kitchen.v1.Kitchen/Count",
    grpcWeb.MethodType.SERVER_STREAMING,
    Object as never,
    Object as never,
    (request: Line) => toBinary(input, create(input, request as never)),
    (bytes: Uint8Array) => fromBinary(output, bytes) as unknown as Line,
  );
  const base = new grpcWeb.GrpcWebClientBase({ format: "text" });
  const stream = base.serverStreaming(`${url}/kitchen.v1.Kitchen/Count`, { text: "", number: 3 }, {}, descriptor);
  const numbers: number[] = [];
  return new Promise((resolve) => {
    stream.on("data", ({ number }) => numbers.push(number));
    stream.on("status", ({ code }) => resolve({ numbers, code }));
    stream.on("error", ({ code, message }) => resolve({ numbers, code, message }));
  });
}

Object.assign(globalThis, { run });
