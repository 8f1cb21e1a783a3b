import type { Socket } from "node:net";
import { type HeldWrite, writeInBurst } from "unigate/transport";
import type { CommonHead, ProxiedTarget } from "../proxy/proxied-reply.ts";
import { keepAliveMs } from "../keep-alive.ts";
import { dateHeader, headerLine, type HeadLines, headLines } from "./response-lines.ts";

/** What a response needs of its connection. */
export interface ResponseCarrier {
  readonly socket: Socket;
  /** The time of day, in ms. */
  now(): number;
  /** All of the response has been given to the socket. */
  answered(response: SocketResponse): void;
}

type Headers = string[] | Record<string, string>;

/** How the end of a body is told: by its length, in chunks, or there is no body. */
type Framing = "none" | "chunked" | number;

/** Up to here a piece of a body is written as text, together with what is around it. */
const smallBytes = 4096;
/** Text that may wait for the end of the turn. */
const heldText = 16 * 1024;
const kept = `\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1000}`;
const last = "\r\nConnection: close";
const chunked = "\r\nTransfer-Encoding: chunked\r\n\r\n";
const emptyLine = "\r\n\r\n";
const known = new WeakMap<CommonHead, HeadLines>();

/**
 * The response to a request, written to the socket by hand: a caller sees the same as from Node's own.
 *
 * It *waits* for its head, then *streams*, and has *ended* with its last byte. What one turn of the event loop brings of it is one write.
 */
export class SocketResponse implements ProxiedTarget, HeldWrite {
  shouldKeepAlive: boolean;
  headersSent = false;
  writableEnded = false;
  readonly #carrier: ResponseCarrier;
  readonly #isHead: boolean;
  /** What waits for the end of the turn, in latin1, and after it the end of a body that is large. */
  #text = "";
  #last: Uint8Array | undefined;
  #isHeld = false;
  #framing: Framing = "none";
  /** Of a body whose length was announced. */
  #left = 0;
  #trailers = "";
  #onClose: (() => void) | undefined;
  #onDrain: (() => void) | undefined;

  constructor(carrier: ResponseCarrier, isHead: boolean, keepsAlive: boolean) {
    this.#carrier = carrier;
    this.#isHead = isHead;
    this.shouldKeepAlive = keepsAlive;
  }

  get writableNeedDrain(): boolean {
    return this.#carrier.socket.writableNeedDrain;
  }

  /** A header that somebody else has set: nobody does here. */
  getHeader(): undefined {
    return undefined;
  }

  on(event: "close" | "drain", listener: () => void): void {
    if (event === "close") this.#onClose = listener;
    else this.#onDrain = listener;
  }

  writeHead(status: number, ...rest: [Headers] | [string | undefined, Headers]): void {
    const [reason, headers] = rest.length === 2 ? rest : [undefined, rest[0]];
    this.#begin(status, headLines(status, reason, Array.isArray(headers) ? headers : Object.entries(headers).flat()), "");
  }

  writeCommonHead(head: CommonHead, own: readonly string[]): void {
    let more = "";
    for (let at = 0; at + 1 < own.length; at += 2) more += headerLine(own[at] as string, own[at + 1] as string);
    let lines = head.isShared ? known.get(head) : undefined;
    if (lines === undefined) {
      lines = headLines(head.status, head.reason, head.headers);
      if (head.isShared) known.set(head, lines);
    }
    this.#begin(head.status, lines, more);
  }

  addTrailers(trailers: [string, string][]): void {
    for (const [name, value] of trailers) this.#trailers += headerLine(name, value);
  }

  write(bytes: Uint8Array | string): boolean {
    const { socket } = this.#carrier;
    if (this.writableEnded || socket.destroyed) return true;
    const piece = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    if (!this.#takes(piece.length)) return true;
    if (this.#framing === "chunked") this.#text += `${piece.length.toString(16)}\r\n`;
    if (piece.length <= smallBytes) this.#text += toText(piece);
    else {
      this.#flush();
      socket.write(piece);
    }
    if (this.#framing === "chunked") this.#text += "\r\n";
    if (this.#text.length > heldText) this.#flush();
    this.#hold();
    return !socket.writableNeedDrain;
  }

  end(bytes?: Uint8Array | string, encoding?: "latin1"): void {
    if (this.writableEnded) return;
    if (typeof bytes === "string" && encoding === "latin1") this.#endText(bytes);
    else if (bytes !== undefined) this.#endBytes(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
    if (this.#framing === "chunked") this.#text += this.#trailers === "" ? "0\r\n\r\n" : `0${this.#trailers}\r\n\r\n`;
    this.writableEnded = true;
    this.#hold();
  }

  /** Cuts a response that has begun. */
  destroy(): void {
    this.#carrier.socket.destroy();
  }

  /** The end of the turn. */
  writeNow(): void {
    this.#isHeld = false;
    this.#flush();
    if (!this.writableEnded) return;
    // Nobody may wait for the rest of a body, or take the next response for it.
    if (this.#left > 0) this.destroy();
    else this.#carrier.answered(this);
  }

  // From the connection.

  drained(): void {
    this.#onDrain?.();
  }

  closed(): void {
    this.#onClose?.();
  }

  #begin(status: number, { text, length, hasDate }: HeadLines, more: string): void {
    const date = hasDate ? "" : dateHeader(this.#carrier.now());
    const hasBody = !this.#isHead && status !== 204 && status !== 304;
    this.#framing = hasBody ? (length ?? "chunked") : "none";
    this.#left = hasBody ? (length ?? 0) : 0;
    this.#text = text + more + date + (this.shouldKeepAlive ? kept : last) + (this.#framing === "chunked" ? chunked : emptyLine);
    this.headersSent = true;
  }

  #endText(text: string): void {
    if (text === "" || !this.#takes(text.length)) return;
    this.#text += this.#framing === "chunked" ? `${text.length.toString(16)}\r\n${text}\r\n` : text;
  }

  #endBytes(bytes: Uint8Array): void {
    if (bytes.length <= smallBytes || this.#framing === "chunked") this.write(bytes);
    else if (this.#takes(bytes.length)) this.#last = bytes;
  }

  /** Tells whether so many bytes of a body go out. One that is longer than was announced is cut: its end would pass for the next response. */
  #takes(bytes: number): boolean {
    if (this.#framing === "none" || bytes === 0) return false;
    if (this.#framing === "chunked") return true;
    this.#left -= bytes;
    if (this.#left < 0) this.destroy();
    return this.#left >= 0;
  }

  #hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    writeInBurst(this);
  }

  #flush(): void {
    const { socket } = this.#carrier;
    const text = this.#text;
    const last = this.#last;
    this.#text = "";
    this.#last = undefined;
    if (socket.destroyed) return;
    if (last === undefined) return void (text !== "" && socket.write(text, "latin1"));
    socket.cork();
    socket.write(text, "latin1");
    socket.write(last);
    socket.uncork();
  }
}

function toText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
