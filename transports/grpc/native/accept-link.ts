import { constants } from "node:http2";
import type { GateHost } from "unigate/transport";
import type { CallHandler } from "../messages/call-stream.ts";
import { statusTrailers } from "../messages/status-trailers.ts";
import { GrpcConnection } from "./grpc-connection.ts";

/** `gate.v1.Gate/Connect`: the stream becomes a connection of the gate. */
export function acceptLink(gate: GateHost): CallHandler {
  const maxFrameBytes = gate.maxPayloadBytes * 2 + 1024 * 1024;
  return (stream) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
    const connection = new GrpcConnection({
      stream,
      remote: `grpc:${remoteOf(stream)}`,
      maxFrameBytes,
      finish(error) {
        if (stream.destroyed) return;
        stream.once("wantTrailers", () => {
          stream.sendTrailers(statusTrailers(error));
          setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
        });
        stream.end();
      },
      outcome: () => undefined,
    });
    gate.accept(connection);
  };
}

function remoteOf(stream: object): string {
  const { session } = stream as { session?: { socket?: { remoteAddress?: string; remotePort?: number } } };
  return `${session?.socket?.remoteAddress ?? "?"}:${session?.socket?.remotePort ?? 0}`;
}
