import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import type { Duplex } from "node:stream";

/** What a handler of gRPC calls needs of its stream: the part of `ServerHttp2Stream` that gRPC-Web can offer too. */
export interface CallStream extends Duplex {
  readonly headersSent: boolean;
  respond(headers?: OutgoingHttpHeaders, options?: { endStream?: boolean; waitForTrailers?: boolean }): void;
  /** To be called once, on `wantTrailers`. */
  sendTrailers(headers: OutgoingHttpHeaders): void;
  close(code?: number): void;
}

/** Serves one call, from its headers to its trailers. */
export type CallHandler = (stream: CallStream, headers: IncomingHttpHeaders) => void;
