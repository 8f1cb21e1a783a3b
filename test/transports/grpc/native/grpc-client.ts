import {
  type ChannelCredentials,
  type ChannelOptions,
  type Client,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { dirname } from "node:path";
import { onTestFinished } from "vitest";

/** What grpc-js makes of a service: methods by name, as loosely typed as generated at run time. */
// oxlint-disable-next-line typescript/no-explicit-any
export type LooseClient = Client & Record<string, any>;

/** A grpc-js client of `service` in a .proto file; closed when the test is over. */
export function grpcClient(
  url: string,
  file: string,
  service: string,
  secure?: ChannelCredentials,
  options: ChannelOptions = {},
): LooseClient {
  const definition = loadSync(file, {
    includeDirs: [dirname(file), new URL("../../../../node_modules/protobufjs", import.meta.url).pathname],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  let found: unknown = loadPackageDefinition(definition);
  for (const part of service.split(".")) found = (found as Record<string, unknown>)[part];
  const client = new (found as ServiceClientConstructor)(
    new URL(url).host,
    secure ?? credentials.createInsecure(),
    options,
  ) as unknown as LooseClient;
  onTestFinished(() => client.close());
  return client;
}

/** One unary call as a promise. */
export function unary<Reply>(client: LooseClient, method: string, request: unknown, ...more: unknown[]): Promise<Reply> {
  return new Promise((resolve, reject) => {
    client[method](request, ...more, (error: Error | null, reply: Reply) => (error === null ? resolve(reply) : reject(error)));
  });
}

/** Everything that a stream of grpc-js brings. */
export async function collect<Reply>(stream: AsyncIterable<Reply>): Promise<Reply[]> {
  const all: Reply[] = [];
  for await (const one of stream) all.push(one);
  return all;
}
