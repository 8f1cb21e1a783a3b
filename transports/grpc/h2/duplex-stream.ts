import type { OutgoingHttpHeaders } from "node:http2";
import { Duplex } from "node:stream";
import type { CallStream } from "../messages/call-stream.ts";
import { toFlat } from "../messages/metadata-headers.ts";
import { HeaderFields } from "./header-fields.ts";
import { ErrorCode } from "./protocol.ts";
import type { H2Stream } from "./stream.ts";

/** A stream of HTTP/2 as one of Node.js: for methods that read messages, where comfort is worth more than speed. */
export class DuplexStream extends Duplex implements CallStream {
  readonly #stream: H2Stream;
  #waitsForTrailers = false;
  #trailers: OutgoingHttpHeaders | undefined;
  #written: (() => void) | undefined;

  constructor(stream: H2Stream) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    stream.listen({
      // A client's trailers say nothing in gRPC.
      headers() {},
      data: (bytes) => this.push(bytes),
      ended: () => void this.push(null),
      hasRoom: () => this.#goOn(),
      closed: () => {
        // One that has ended on both sides is over as soon as it is read.
        if (!stream.hasSentEnd || !stream.hasHeardEnd) this.destroy();
      },
    });
  }

  get headersSent(): boolean {
    return this.#stream.hasSentHeaders;
  }

  respond(
    headers: OutgoingHttpHeaders = {},
    { endStream = false, waitForTrailers = false }: { endStream?: boolean; waitForTrailers?: boolean } = {},
  ): void {
    this.#waitsForTrailers = waitForTrailers;
    this.#stream.respond(new HeaderFields(toFlat(headers)), endStream);
    if (endStream) this.end();
  }

  sendTrailers(headers: OutgoingHttpHeaders): void {
    this.#trailers = headers;
  }

  close(code: number = ErrorCode.none): void {
    // What has not left yet is worth more than to stop the client's last bytes.
    if (code !== ErrorCode.none || this.#stream.hasSentEnd) this.#stream.reset(code);
    else this.resume();
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#stream.write(bytes)) done();
    else this.#written = done;
  }

  override _final(done: () => void): void {
    if (this.#waitsForTrailers) this.emit("wantTrailers");
    this.#stream.end(this.#trailers === undefined ? undefined : new HeaderFields(toFlat(this.#trailers)));
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#stream.hasSentEnd || !this.#stream.hasHeardEnd) this.#stream.reset(ErrorCode.cancel);
    this.#goOn();
    done(error);
  }

  #goOn(): void {
    const done = this.#written;
    this.#written = undefined;
    done?.();
  }
}
