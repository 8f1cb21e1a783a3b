/**
 * ZMTP 3.1, the wire protocol of ZeroMQ, as far as a ROUTER and a DEALER need it: bytes, and no sockets.
 *
 * Source: https://rfc.zeromq.org/spec/37/. A connection begins with a greeting of 64 bytes each way, then a READY command each way;
 * from there on it carries frames: one byte of flags, a size of one or eight bytes, the body. Mechanism: NULL.
 */
import { GateError } from "unigate/transport";

const greetingBytes = 64;
const mechanism = "NULL";

/** A PING command: the name with its length, two bytes of time to live, then the context. */
const pingHeadBytes = 7;

const shortHeaderBytes = 2;
const longHeaderBytes = 9;

const isLong = 0x02;
const isCommand = 0x04;
const hasMore = 0x01;

/** What each side sends first, before it has heard anything. */
export function greeting(): Uint8Array {
  const bytes = Buffer.alloc(greetingBytes);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes[11] = 1;
  bytes.write(mechanism, 12, "latin1");
  return bytes;
}

/** The command that ends a side's half of the handshake. */
export function ready(socketType: string): Uint8Array {
  return command("READY", property("Socket-Type", socketType));
}

/** The command that refuses a peer, and tells it why. */
export function refusal(reason: string): Uint8Array {
  const text = Buffer.from(reason, "latin1").subarray(0, 255);
  return command("ERROR", Buffer.concat([Buffer.of(text.length), text]));
}

/** The answer to the PING command `ping`: its context, sent back. */
export function pong(ping: Uint8Array): Uint8Array {
  return command("PONG", ping.subarray(pingHeadBytes));
}

/** What comes before the body of a message of `length` bytes. */
export function messageHeader(length: number): Uint8Array {
  const header = Buffer.allocUnsafe(headerBytesOf(length));
  writeHeader(header, 0, length);
  return header;
}

/** A message in one buffer: a copy of `body` behind its header. */
export function message(body: Uint8Array): Uint8Array {
  const headerBytes = headerBytesOf(body.length);
  const bytes = Buffer.allocUnsafe(headerBytes + body.length);
  writeHeader(bytes, 0, body.length);
  bytes.set(body, headerBytes);
  return bytes;
}

/** What a reader has found. Bodies are views: into the bytes that were read, or into a copy that is nobody else's. */
export interface ZmtpHandler {
  /** The peer's socket type, once its greeting and READY are here. */
  ready(socketType: string): void;
  message(body: Uint8Array): void;
  ping(body: Uint8Array): void;
}

/**
 * Takes the bytes of one peer apart, whatever the pieces they come in.
 *
 * A body that lies within one piece is shown as a view; one that spans several is put together in a buffer of its exact size, so that
 * each byte is copied once at most.
 */
export class ZmtpReader {
  readonly #handler: ZmtpHandler;
  readonly #maxMessageBytes: number;
  #state: "greeting" | "ready" | "open" = "greeting";
  /** Bytes of a greeting or header that came without its end. */
  #rest: Uint8Array = new Uint8Array(0);
  /** The body that is being put together, and how much of it is here. */
  #body: Uint8Array | undefined;
  #filled = 0;
  #flags = 0;

  constructor(maxMessageBytes: number, handler: ZmtpHandler) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#handler = handler;
  }

  /** Reads one piece. Throws `invalid_argument` for what is not ZMTP, `resource_exhausted` for a message that is too large. */
  read(piece: Uint8Array): void {
    let at = this.#body === undefined ? 0 : this.#fill(piece);
    if (at === piece.length) return;
    let bytes = piece;
    if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, piece.subarray(at)]);
      this.#rest = new Uint8Array(0);
      at = 0;
    }
    if (this.#state === "greeting") at = this.#greeting(bytes, at);
    while (at < bytes.length) {
      const next = this.#state === "greeting" ? at : this.#frame(bytes, at);
      if (next === at) break;
      at = next;
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
  }

  /** Where the next frame begins; `at` when its header is not complete. */
  #frame(bytes: Uint8Array, at: number): number {
    const flags = bytes[at] as number;
    const headerBytes = (flags & isLong) === 0 ? shortHeaderBytes : longHeaderBytes;
    if (bytes.length - at < headerBytes) return at;
    const length = headerBytes === shortHeaderBytes ? (bytes[at + 1] as number) : longLength(bytes, at + 1);
    if ((flags & ~(isLong | isCommand)) !== 0)
      throw malformed((flags & hasMore) === 0 ? "unknown frame flags" : "a message of several parts");
    if (length > this.#maxMessageBytes) throw tooLarge(length, this.#maxMessageBytes);
    const start = at + headerBytes;
    const end = start + length;
    if (end <= bytes.length) {
      this.#visit(flags, bytes.subarray(start, end));
      return end;
    }
    this.#flags = flags;
    this.#body = Buffer.allocUnsafeSlow(length);
    this.#filled = 0;
    return start + this.#fill(bytes.subarray(start));
  }

  /** Adds to the body that is being put together; returns how many bytes it took. */
  #fill(piece: Uint8Array): number {
    const body = this.#body as Uint8Array;
    const taken = Math.min(piece.length, body.length - this.#filled);
    body.set(taken === piece.length ? piece : piece.subarray(0, taken), this.#filled);
    this.#filled += taken;
    if (this.#filled === body.length) {
      this.#body = undefined;
      this.#visit(this.#flags, body);
    }
    return taken;
  }

  #visit(flags: number, body: Uint8Array): void {
    if ((flags & isCommand) === 0) {
      if (this.#state !== "open") throw malformed("a message before READY");
      this.#handler.message(body);
      return;
    }
    const name = Buffer.from(body.subarray(1, 1 + (body[0] ?? 0))).toString("latin1");
    if (name === "READY" && this.#state === "ready") {
      this.#state = "open";
      this.#handler.ready(socketTypeOf(body.subarray(6)));
    } else if (name === "PING") this.#handler.ping(body);
    else if (name === "ERROR") throw new GateError("unavailable", `the peer refuses: ${Buffer.from(body.subarray(7)).toString("latin1")}`);
    else if (name !== "PONG") throw malformed(`the command ${JSON.stringify(name)} at this point`);
  }

  #greeting(bytes: Uint8Array, at: number): number {
    const available = bytes.length - at;
    if (available > 0 && bytes[at] !== 0xff) throw malformed("no ZMTP greeting");
    if (available < greetingBytes) return at;
    if (((bytes[at + 9] as number) & 1) === 0 || (bytes[at + 10] as number) < 3) throw malformed("a ZMTP version older than 3");
    const wanted = Buffer.from(bytes.subarray(at + 12, at + 32))
      .toString("latin1")
      .replace(/\0+$/, "");
    if (wanted !== mechanism) throw malformed(`the security mechanism ${JSON.stringify(wanted)}, and only NULL is spoken here`);
    this.#state = "ready";
    return at + greetingBytes;
  }
}

function command(name: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.of(name.length), Buffer.from(name, "latin1"), data]);
  const header = Buffer.allocUnsafe(headerBytesOf(body.length));
  writeHeader(header, isCommand, body.length);
  return Buffer.concat([header, body]);
}

function headerBytesOf(length: number): number {
  return length < 256 ? shortHeaderBytes : longHeaderBytes;
}

function writeHeader(bytes: Buffer, flags: number, length: number): void {
  if (length < 256) {
    bytes[0] = flags;
    bytes[1] = length;
    return;
  }
  bytes[0] = flags | isLong;
  bytes.writeUInt32BE(Math.floor(length / 2 ** 32), 1);
  bytes.writeUInt32BE(length % 2 ** 32, 5);
}

function property(name: string, value: string): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(value.length);
  return Buffer.concat([Buffer.of(name.length), Buffer.from(name, "latin1"), size, Buffer.from(value, "latin1")]);
}

function socketTypeOf(properties: Uint8Array): string {
  const bytes = Buffer.from(properties);
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + 1 + bytes.readUInt8(at);
    if (nameEnd + 4 > bytes.length) break;
    const valueEnd = nameEnd + 4 + bytes.readUInt32BE(nameEnd);
    if (bytes.toString("latin1", at + 1, nameEnd).toLowerCase() === "socket-type") return bytes.toString("latin1", nameEnd + 4, valueEnd);
    at = valueEnd;
  }
  throw malformed("a READY command without a socket type");
}

function longLength(bytes: Uint8Array, at: number): number {
  const data = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  return data.getUint32(0) * 2 ** 32 + data.getUint32(4);
}

function malformed(what: string): GateError {
  return new GateError("invalid_argument", `the peer does not speak ZMTP 3 as Gate does: it sent ${what}`);
}

function tooLarge(bytes: number, limit: number): GateError {
  return new GateError("resource_exhausted", `the peer sent a message of ${bytes} bytes; ${limit} are the limit here`, {
    retryable: false,
  });
}
