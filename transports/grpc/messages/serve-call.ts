import type { IncomingHttpHeaders } from "node:http2";
import { GateError, type Metadata } from "unigate/transport";
import type { CallHandler, CallStream } from "./call-stream.ts";
import { GrpcReply } from "./grpc-reply.ts";
import { parseTimeout } from "./grpc-timeout.ts";
import { toMetadata } from "./metadata-headers.ts";
import { type MessageTaker, readMessages } from "./read-messages.ts";

/** What a method is. */
export interface MethodShape {
  /** Largest message, in bytes. */
  maxBytes: number;
  /** It answers with a stream. */
  isStream: boolean;
  /** The message that a payload becomes; default: it is one already. */
  encode?: (payload: Uint8Array, head: Metadata) => Uint8Array;
}

/** One call as its method sees it. */
export interface ServerCall {
  readonly stream: CallStream;
  readonly metadata: Metadata;
  /** Time that the caller allows, in ms; `Infinity` when it named none. */
  readonly timeoutMs: number;
  readonly reply: GrpcReply;
}

/** A method that takes one message; `handle` may throw a `GateError`. */
export function takesOne(shape: MethodShape, handle: (message: Uint8Array, call: ServerCall) => void): CallHandler {
  return takesMany(shape, (call) => {
    let only: Uint8Array | undefined;
    return {
      message(message) {
        if (only !== undefined) call.reply.fail(new GateError("unimplemented", "the method takes one message, the client sent more"));
        only = message;
        return true;
      },
      end() {
        if (call.reply.isOver) return;
        if (only === undefined)
          return call.reply.fail(new GateError("unimplemented", "the method takes one message, the client sent none"));
        try {
          handle(only, call);
        } catch (error) {
          call.reply.fail(GateError.from(error, "internal"));
        }
      },
    };
  });
}

/** Who takes the messages of a call; `start` is told how to ask for more after it had no room. */
export type CallTaker = Pick<MessageTaker, "message" | "end"> & { start?(resume: () => void): void; failed?(error: GateError): void };

/** A method that takes a stream of messages. */
export function takesMany(shape: MethodShape, open: (call: ServerCall) => CallTaker): CallHandler {
  return (stream, headers) => {
    const reply = new GrpcReply({
      stream,
      isStream: shape.isStream,
      gzip: wantsGzip(headers),
      encode: shape.encode ?? ((payload) => payload),
    });
    try {
      const call = { stream, metadata: toMetadata(headers), timeoutMs: parseTimeout(headers["grpc-timeout"]), reply };
      const taker = open(call);
      const inflow = readMessages(
        stream,
        { encoding: String(headers["grpc-encoding"] ?? "identity"), maxBytes: shape.maxBytes },
        {
          message: (message) => taker.message(message),
          end: () => taker.end(),
          fail(error) {
            taker.failed?.(error);
            reply.fail(error);
          },
        },
      );
      taker.start?.(() => inflow.resume());
    } catch (error) {
      reply.fail(GateError.from(error, "internal"));
    }
  };
}

/** Only who compresses its own messages gets compressed ones: most clients can read gzip, and few are so far away that it pays. */
function wantsGzip(headers: IncomingHttpHeaders): boolean {
  if (headers["grpc-encoding"] !== "gzip") return false;
  return String(headers["grpc-accept-encoding"] ?? "")
    .split(",")
    .some((one) => one.trim() === "gzip");
}
