import { constants, type OutgoingHttpHeaders } from "node:http2";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";
import type { CallStream } from "../messages/call-stream.ts";

/** Flag of the message that carries the trailers. */
const trailerFlag = 0x80;

/** How a gRPC-Web call is written. */
export interface WebStreamOptions {
  request: IncomingMessage;
  response: ServerResponse;
  /** Both bodies are base64 (`application/grpc-web-text`). */
  isText: boolean;
  /** Headers of the response besides those of the call, given its own. */
  extraHeaders: (headers: OutgoingHttpHeaders) => OutgoingHttpHeaders;
}

/**
 * A gRPC-Web call as if it came over HTTP/2: the trailers leave as the last message of the body, because a page cannot read others.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md.
 */
export class WebStream extends Duplex implements CallStream {
  readonly #options: WebStreamOptions;
  #waitsForTrailers = false;
  #trailers: OutgoingHttpHeaders = {};
  /** Base64 text that is not a whole group of four yet. */
  #rest = "";

  constructor(options: WebStreamOptions) {
    super({ allowHalfOpen: true });
    this.#options = options;
    const { request, response } = options;
    request.on("data", (bytes: Buffer) => {
      if (!this.push(options.isText ? this.#fromText(bytes) : bytes)) request.pause();
    });
    request.on("end", () => this.push(null));
    // Its own `close` says that the client left; an error besides would be told to nobody.
    request.on("error", () => this.destroy());
    response.on("error", () => this.destroy());
    response.on("close", () => this.destroy());
  }

  get headersSent(): boolean {
    return this.#options.response.headersSent;
  }

  respond(
    headers: OutgoingHttpHeaders = {},
    { endStream = false, waitForTrailers = false }: { endStream?: boolean; waitForTrailers?: boolean } = {},
  ): void {
    const { response, isText, extraHeaders } = this.#options;
    const own = Object.fromEntries(Object.entries(headers).filter(([key]) => !key.startsWith(":")));
    const contentType = isText ? "application/grpc-web-text+proto" : "application/grpc-web+proto";
    this.#waitsForTrailers = waitForTrailers;
    response.writeHead(200, { ...own, ...extraHeaders(own), "content-type": contentType });
    response.flushHeaders();
    if (endStream) this.end();
  }

  sendTrailers(headers: OutgoingHttpHeaders): void {
    this.#trailers = headers;
  }

  close(code: number = constants.NGHTTP2_NO_ERROR): void {
    if (code === constants.NGHTTP2_NO_ERROR) this.#options.request.resume();
    else this.destroy();
  }

  override _read(): void {
    this.#options.request.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { response } = this.#options;
    if (response.write(this.#toBody(bytes))) done();
    else response.once("drain", done);
  }

  override _final(done: (error?: Error | null) => void): void {
    const { response } = this.#options;
    if (this.#waitsForTrailers) {
      this.emit("wantTrailers");
      response.write(this.#toBody(trailerMessage(this.#trailers)));
    }
    response.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { response } = this.#options;
    if (!response.writableEnded) response.destroy();
    done(error);
  }

  #toBody(bytes: Buffer): Buffer | string {
    return this.#options.isText ? bytes.toString("base64") : bytes;
  }

  #fromText(bytes: Buffer): Buffer {
    const text = this.#rest + bytes.toString("latin1").replaceAll(/\s/g, "");
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    // Each piece that the client wrote may end with padding of its own.
    const groups = text.slice(0, whole).match(/[^=]+=*/g) ?? [];
    return Buffer.concat(groups.map((group) => Buffer.from(group, "base64")));
  }
}

function trailerMessage(trailers: OutgoingHttpHeaders): Buffer {
  const lines = Object.entries(trailers).flatMap(([key, value]) => [value].flat().map((one) => `${key}: ${one ?? ""}\r\n`));
  const body = Buffer.from(lines.join(""), "latin1");
  const message = Buffer.alloc(5 + body.length);
  message[0] = trailerFlag;
  message.writeUInt32BE(body.length, 1);
  message.set(body, 5);
  return message;
}
