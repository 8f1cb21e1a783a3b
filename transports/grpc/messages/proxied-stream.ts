import type { IncomingHttpHeaders } from "node:http2";
import type { HeaderFields } from "../h2/header-fields.ts";
import type { StreamListener } from "../h2/stream.ts";
import type { CallStream } from "./call-stream.ts";
import { toObject } from "./metadata-headers.ts";

/** What a proxy needs of its caller's stream: the part of `H2Stream` that gRPC-Web can offer too. */
export interface ProxiedStream {
  readonly hasSentHeaders: boolean;
  /** Nothing comes before the first `resume`. */
  listen(listener: StreamListener): void;
  resume(): void;
  respond(fields: HeaderFields, endsStream: boolean): void;
  /** False: wait for `hasRoom`. The bytes are the caller's again when it returns. */
  write(bytes: Uint8Array): boolean;
  end(trailers: HeaderFields): void;
}

/** Brings one call on, from its headers to its trailers. */
export type ProxyHandler = (stream: ProxiedStream, headers: IncomingHttpHeaders) => void;

/** The stream of a call as a proxy needs it. */
export class ProxiedCall implements ProxiedStream {
  readonly #stream: CallStream;
  #listener: StreamListener | undefined;
  #trailers: HeaderFields | undefined;
  #isReading = false;

  constructor(stream: CallStream) {
    this.#stream = stream;
  }

  get hasSentHeaders(): boolean {
    return this.#stream.headersSent;
  }

  listen(listener: StreamListener): void {
    this.#listener = listener;
    this.#stream.on("drain", () => listener.hasRoom());
    this.#stream.on("error", () => {});
    this.#stream.on("wantTrailers", () => this.#stream.sendTrailers(toObject(this.#trailers?.flat ?? [])));
    this.#stream.on("close", () => listener.closed(0));
  }

  resume(): void {
    if (this.#isReading) return void this.#stream.resume();
    this.#isReading = true;
    this.#stream.on("data", (bytes: Buffer) => {
      if (this.#listener?.data(bytes) === false) this.#stream.pause();
    });
    this.#stream.on("end", () => this.#listener?.ended());
  }

  respond({ flat }: HeaderFields, endsStream: boolean): void {
    if (!this.#stream.destroyed) this.#stream.respond(toObject(flat), endsStream ? { endStream: true } : { waitForTrailers: true });
  }

  write(bytes: Uint8Array): boolean {
    return this.#stream.write(Buffer.from(bytes));
  }

  end(trailers: HeaderFields): void {
    this.#trailers = trailers;
    this.#stream.end();
  }
}
