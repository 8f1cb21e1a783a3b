import { Client, credentials, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { env } from "node:process";

/** A proxy as it is written with grpc-js: a server whose one method calls a client, messages as bytes. */
const asIs = (bytes: Buffer): Buffer => bytes;
const upstream = new Client(`127.0.0.1:${env["UPSTREAM_PORT"]}`, credentials.createInsecure());
const path = "/bench.Echo/Say";
const server = new Server();
server.addService(
  {
    say: {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  },
  {
    say(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
      upstream.makeUnaryRequest(path, asIs, asIs, call.request, call.metadata, (error, reply) => done(error, reply));
    },
  },
);
server.bindAsync(`127.0.0.1:${env["PORT"]}`, ServerCredentials.createInsecure(), (error) => {
  process.stdout.write(error === null ? "ready\n" : `${error.message}\n`);
});
