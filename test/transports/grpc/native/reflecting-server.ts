import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { FileRegistry } from "@bufbuild/protobuf";
import { onTestFinished } from "vitest";
import { reflectionService } from "../../../../transports/grpc/native/reflection.ts";

/** A gRPC server that has nothing but reflection, of what `protos` gives when it is asked; gives its `host:port`, and closes when the test is over. */
export async function reflectingServer(protos: () => FileRegistry): Promise<string> {
  const methods = new Map(reflectionService(protos));
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const method = methods.get(headers[":path"] ?? "");
    if (method !== undefined) return method(stream, headers);
    stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "12" }, { endStream: true });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
