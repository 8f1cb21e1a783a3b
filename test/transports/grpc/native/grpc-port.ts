import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Transport } from "unigate/transport";
import { nativeMethods, type NativeOptions } from "../../../../transports/grpc/native/index.ts";

/** A bare HTTP/2 port with the gate's own gRPC methods. */
export function grpcPort(options: NativeOptions = {}, fixedPort = 0): Transport {
  return {
    name: "grpc",
    async start(gate) {
      const methods = nativeMethods(gate, options);
      const server = createServer({ settings: { initialWindowSize: 4 * 1024 * 1024 } });
      const sessions = new Set<{ destroy(): void }>();
      server.on("session", (session) => {
        sessions.add(session);
        session.once("close", () => sessions.delete(session));
      });
      server.on("stream", (stream: ServerHttp2Stream, headers) => {
        const handler = methods.get(headers[":path"] ?? "");
        if (handler !== undefined) return handler(stream, headers);
        stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "12" }, { endStream: true });
      });
      await new Promise<void>((resolve) => server.listen(fixedPort, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      return {
        addresses: [{ url: `grpc://127.0.0.1:${port}`, purpose: "gRPC" }],
        drain: async () => {},
        close: async () => {
          for (const session of sessions) session.destroy();
          server.close();
        },
      };
    },
  };
}
