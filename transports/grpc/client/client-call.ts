import type { ClientHttp2Session } from "node:http2";
import { GateError, type Metadata } from "unigate/transport";
import { frameMessage } from "../messages/frame-message.ts";
import { MessageReader } from "../messages/message-reader.ts";
import { toHeaders } from "../messages/metadata-headers.ts";
import { errorOfTrailers } from "../messages/status-trailers.ts";

/** What a call may carry besides its messages. */
export interface ClientCallOptions {
  metadata?: Metadata;
  /** In ms; 0 for none. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/** Largest message of an answer, in bytes. */
const maxBytes = 1024 * 1024 * 1024;

/** One gRPC call: the messages of its answer as they come. Throws the call's status; leaving the loop cancels the call. */
export async function* clientCall(
  session: ClientHttp2Session,
  path: string,
  messages: readonly Uint8Array[],
  { metadata, timeoutMs = 0, signal }: ClientCallOptions = {},
): AsyncGenerator<Uint8Array> {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc+proto",
    "grpc-accept-encoding": "identity,gzip",
    te: "trailers",
    ...(timeoutMs > 0 ? { "grpc-timeout": toTimeout(timeoutMs) } : {}),
    ...(metadata === undefined ? {} : toHeaders(metadata)),
  });
  const cancel = (): void => void stream.destroy(new GateError("cancelled", "the caller cancelled"));
  signal?.addEventListener("abort", cancel, { once: true });
  let reader = new MessageReader({ encoding: "identity", maxBytes });
  let outcome: GateError | undefined = new GateError("unavailable", "the server closed the connection");
  stream.once("response", (headers) => {
    const status = String(headers[":status"]);
    if (status !== "200") outcome = new GateError("unavailable", `the server does not speak gRPC: HTTP status ${status}`);
    else if (headers["grpc-status"] !== undefined) outcome = errorOfTrailers(headers);
    if (headers["grpc-encoding"] !== undefined) reader = new MessageReader({ encoding: String(headers["grpc-encoding"]), maxBytes });
  });
  stream.once("trailers", (trailers) => (outcome = errorOfTrailers(trailers)));
  for (const message of messages) stream.write(frameMessage(message));
  stream.end();
  try {
    for await (const bytes of stream) {
      const arrived: Uint8Array[] = [];
      reader.push(bytes as Buffer, (message) => arrived.push(message) > 0);
      yield* arrived;
    }
  } catch (error) {
    throw GateError.from(error, "unavailable");
  } finally {
    signal?.removeEventListener("abort", cancel);
    stream.close(8);
  }
  if (outcome !== undefined) throw outcome;
}

/** At most eight digits and a unit. */
function toTimeout(ms: number): string {
  return ms < 1e8 ? `${Math.ceil(ms)}m` : `${Math.min(99_999_999, Math.ceil(ms / 1000))}S`;
}
