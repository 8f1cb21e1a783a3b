import { Metadata } from "unigate/transport";
import { Malformed, parseHead, parseTrailers, type ResponseHead } from "./response-head.ts";

/** Bytes of a head, of trailers, and of all extensions of chunks: more than that is refused, as by Node's own client. */
export const maxHeadBytes: number = 16 * 1024;

/** 48 bits: more than any body, and exact in a double. */
const maxSizeDigits = 12;
const lineFeed = 10;
const carriageReturn = 13;
const semicolon = 59;
const protocol = "HTTP/1.";
/** The end of the last header and the empty line after it. */
const emptyLine = "\r\n\r\n";

/**
 * Reads the responses of one connection, one at a time, from reads of any size.
 *
 * `begin` before each; then after every `take`: `head` as soon as it is whole, `body` with what this read has brought of it, `isDone`
 * once the response is whole, or `fault`, after which nothing more is taken. The order of states is: head, then *length*, *rest* (until
 * the connection ends), or *size*, *data*, *data end* for each chunk and *trailers*; then done.
 */
export class ResponseParser {
  head: ResponseHead | undefined;
  /** A copy: what is taken may be overwritten afterwards. */
  body: Buffer | undefined;
  /** Name, value, …; undefined when there are none. */
  trailers: string[] | undefined;
  isDone = false;
  /** What makes it something else than HTTP. */
  fault: string | undefined;
  /** Bytes of the last `take` that belong to the response; what comes after does not. */
  taken = 0;
  #isHead = false;
  #state: "head" | "length" | "rest" | "size" | "data" | "data end" | "trailers" = "head";
  /** The last one, and its text with the empty line. */
  #lastHead: ResponseHead | undefined;
  #lastText = "";
  /** Of the head or the trailers so far. */
  #text = "";
  /** Bytes that are still to come of the body or the chunk; while its size is read, what that is so far. */
  #left = 0;
  #digits = 0;
  #isExtension = false;
  #extensionBytes = 0;
  #sawReturn = false;
  /** Where the parts of the body are in this read: from, to, from, to, …. */
  readonly #parts: number[] = [];

  /** The next bytes are the response to a request with this method. */
  begin(method: string): void {
    this.head = undefined;
    this.body = undefined;
    this.trailers = undefined;
    this.isDone = false;
    this.#isHead = method === "HEAD";
    this.#state = "head";
    this.#text = "";
    this.#extensionBytes = 0;
  }

  take(bytes: Buffer): void {
    this.body = undefined;
    this.taken = 0;
    try {
      while (this.taken < bytes.length && !this.isDone) this.taken = this.#step(bytes, this.taken);
      if (this.#parts.length > 0) this.body = this.#collect(bytes);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#parts.length = 0;
      this.fault = error.message;
    }
  }

  /** The connection has ended: true when that is the end of the response too. */
  finish(): boolean {
    if (this.#state === "rest") this.isDone = true;
    return this.isDone;
  }

  /** Takes what it can of one thing; returns where the next one begins. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#takeHead(bytes, at);
      case "length":
        return this.#takeData(bytes, at, "head");
      case "rest":
        this.#parts.push(at, bytes.length);
        return bytes.length;
      case "size":
        return this.#takeSize(bytes, at);
      case "data":
        return this.#takeData(bytes, at, "data end");
      case "data end":
        return this.#takeDataEnd(bytes, at);
      case "trailers":
        return this.#takeTrailers(bytes, at);
    }
  }

  #takeHead(bytes: Buffer, at: number): number {
    const again = this.#lastHead;
    if (again !== undefined && this.#text === "" && bytes.toString("latin1", at, at + this.#lastText.length) === this.#lastText) {
      if (!again.metadata.isShared) again.metadata = Metadata.shared(again.flat);
      this.#startBody(again);
      return at + this.#lastText.length;
    }
    const seen = this.#text.length;
    this.#addText(bytes, at);
    const text = this.#text;
    const end = text.indexOf(emptyLine, Math.max(0, seen - 3));
    if (!text.startsWith(protocol.slice(0, text.length))) throw new Malformed("no HTTP/1.1 status line");
    if (isTooLong(end, text)) throw new Malformed(`its head is larger than ${maxHeadBytes} bytes`);
    if (end < 0) return bytes.length;
    this.#text = "";
    const head = parseHead(text.slice(0, end));
    if (head.status >= 200 || head.status === 101) {
      this.#lastHead = head;
      this.#lastText = text.slice(0, end + emptyLine.length);
      this.#startBody(head);
    }
    return at + end + 4 - seen;
  }

  #startBody(head: ResponseHead): void {
    this.head = head;
    const { status, framing } = head;
    const hasNone = this.#isHead || status < 200 || status === 204 || status === 304 || framing === 0;
    if (hasNone) this.isDone = true;
    else if (framing === "until-close") this.#state = "rest";
    else if (framing === "chunked") this.#startChunk();
    else {
      this.#left = framing;
      this.#state = "length";
    }
  }

  #startChunk(): void {
    this.#state = "size";
    this.#left = 0;
    this.#digits = 0;
    this.#isExtension = false;
    this.#sawReturn = false;
  }

  #takeSize(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      const digit = this.#isExtension ? -1 : hexDigit(byte);
      if (this.#sawReturn) {
        if (byte !== lineFeed || this.#digits === 0) throw new Malformed("the size of a chunk is no line");
        this.#state = this.#left === 0 ? "trailers" : "data";
        return at + 1;
      }
      if (digit >= 0) {
        if (++this.#digits > maxSizeDigits) throw new Malformed("a chunk is too large");
        this.#left = this.#left * 16 + digit;
      } else if (byte === carriageReturn) this.#sawReturn = true;
      else if (byte === semicolon && this.#digits > 0) this.#isExtension = true;
      else if (!this.#isExtension || isControl(byte)) throw new Malformed("the size of a chunk is no number");
      if (this.#isExtension && ++this.#extensionBytes > maxHeadBytes) throw new Malformed("its chunks have too much about themselves");
    }
    return bytes.length;
  }

  /** After the last byte of a body without chunks it is done; after that of a chunk comes the chunk's end. */
  #takeData(bytes: Buffer, at: number, next: "head" | "data end"): number {
    const to = Math.min(at + this.#left, bytes.length);
    this.#parts.push(at, to);
    this.#left -= to - at;
    if (this.#left > 0) return to;
    this.#state = next;
    this.#sawReturn = false;
    this.isDone = next === "head";
    return to;
  }

  #takeDataEnd(bytes: Buffer, at: number): number {
    if (bytes[at] !== (this.#sawReturn ? lineFeed : carriageReturn)) throw new Malformed("a chunk is longer than its size");
    if (this.#sawReturn) this.#startChunk();
    else this.#sawReturn = true;
    return at + 1;
  }

  #takeTrailers(bytes: Buffer, at: number): number {
    const seen = this.#text.length;
    this.#addText(bytes, at);
    const text = this.#text;
    // Without trailers the empty line comes at once.
    const end = text.startsWith("\r\n") ? -2 : text.indexOf(emptyLine, Math.max(0, seen - 3));
    if (isTooLong(end, text)) throw new Malformed(`its trailers are larger than ${maxHeadBytes} bytes`);
    if (end === -1) return bytes.length;
    const flat = end < 0 ? [] : parseTrailers(text.slice(0, end));
    if (flat.length > 0) this.trailers = flat;
    this.isDone = true;
    return at + end + 4 - seen;
  }

  #addText(bytes: Buffer, at: number): void {
    this.#text += bytes.toString("latin1", at, Math.min(bytes.length, at + maxHeadBytes + emptyLine.length));
  }

  #collect(bytes: Buffer): Buffer {
    const parts = this.#parts;
    let length = 0;
    for (let at = 0; at < parts.length; at += 2) length += (parts[at + 1] as number) - (parts[at] as number);
    const body = Buffer.allocUnsafe(length);
    let to = 0;
    for (let at = 0; at < parts.length; at += 2) to += bytes.copy(body, to, parts[at], parts[at + 1]);
    parts.length = 0;
    return body;
  }
}

/** Whatever the reads: a head ends within the limit, or is refused. */
function isTooLong(end: number, text: string): boolean {
  return end > maxHeadBytes || (end === -1 && text.length >= maxHeadBytes + emptyLine.length);
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function isControl(byte: number): boolean {
  return (byte < 32 && byte !== 9) || byte === 127;
}
