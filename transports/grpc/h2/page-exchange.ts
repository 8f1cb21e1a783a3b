import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { IncomingHttpHeaders } from "node:http2";
import { DuplexStream } from "./duplex-stream.ts";
import type { HeaderFields } from "./header-fields.ts";
import type { H2Stream } from "./stream.ts";

/** A request of HTTP/2 that is no gRPC, and its response, in the words of `node:http`: what gRPC-Web is served with. */
export class PageExchange extends DuplexStream {
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  readonly url: string;

  constructor(stream: H2Stream, { headers }: HeaderFields) {
    super(stream);
    this.headers = headers;
    this.method = headers[":method"] ?? "GET";
    this.url = headers[":path"] ?? "/";
  }

  /** Hands itself over as request and as response. */
  answerBy(answer: (request: IncomingMessage, response: ServerResponse) => void): void {
    answer(this as unknown as IncomingMessage, this as unknown as ServerResponse);
  }

  writeHead(status: number, headers: OutgoingHttpHeaders = {}): void {
    this.respond({ ":status": status, ...headers });
  }

  /** They have left already. */
  flushHeaders(): void {}
}
