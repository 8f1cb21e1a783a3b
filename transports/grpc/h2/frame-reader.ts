import { ConnectionFault, defaultFrameBytes, ErrorCode, FrameFlag, frameHeaderBytes, FrameType } from "./protocol.ts";

/** Who hears the frames of a connection. Bytes are good until the call returns. */
export interface FrameTaker {
  /** A whole frame of any type but DATA. */
  frame(type: number, flags: number, streamId: number, payload: Buffer): void;
  /** Bytes of a DATA frame as they come, `isLast` with the last of them; `padding` bytes came besides. */
  data(streamId: number, bytes: Buffer, isLast: boolean, endsStream: boolean, padding: number): void;
}

const noBytes = Buffer.alloc(0);

/**
 * Cuts the bytes of a connection into frames; DATA passes on in the pieces in which it comes, so that nothing large is put together.
 *
 * Holds one frame that is not whole at most, without its DATA. Source: RFC 9113 section 4.
 */
export class FrameReader {
  readonly #taker: FrameTaker;
  /** The beginning of a frame that is not whole. */
  #rest: Buffer = noBytes;
  /** What is still to come of a DATA frame. */
  #dataLeft = 0;
  #dataPadding = 0;
  /** Padding and the byte that tells its length: flow control counts them too. */
  #dataExtra = 0;
  #dataStream = 0;
  #dataEnds = false;
  #isStopped = false;

  constructor(taker: FrameTaker) {
    this.#taker = taker;
  }

  /** Takes the next bytes; throws a `ConnectionFault` for what is no frame, and whatever the taker throws. */
  push(bytes: Buffer): void {
    let at = 0;
    while (!this.#isStopped) {
      while (this.#dataLeft > 0 && at < bytes.length && !this.#isStopped) at = this.#passData(bytes, at);
      if (this.#dataLeft > 0) return;
      if (this.#rest.length > 0) {
        const missing = this.#missing();
        if (bytes.length - at < missing) {
          this.#rest = Buffer.concat([this.#rest, bytes.subarray(at)]);
          return;
        }
        const head = Buffer.concat([this.#rest, bytes.subarray(at, at + missing)]);
        at += missing;
        this.#rest = head;
        // The header of a frame is whole now, and says how much more there is.
        if (this.#missing() > 0) continue;
        this.#rest = noBytes;
        this.#take(head, 0);
        continue;
      }
      const used = this.#take(bytes, at);
      if (used === 0) break;
      at += used;
    }
    if (at < bytes.length && !this.#isStopped) this.#rest = Buffer.from(bytes.subarray(at));
  }

  /** Nothing more is read, of the bytes at hand neither. */
  stop(): void {
    this.#isStopped = true;
    this.#rest = noBytes;
  }

  /** Bytes that the frame in `#rest` still lacks: of its header first, then of the rest that is read as one. */
  #missing(): number {
    const { length } = this.#rest;
    return Math.max(0, (length < frameHeaderBytes ? frameHeaderBytes : wholeBytes(this.#rest, 0)) - length);
  }

  /** Reads one frame from `at`; gives the bytes that it used, 0 when it is not whole. */
  #take(bytes: Buffer, at: number): number {
    const there = bytes.length - at;
    if (there < frameHeaderBytes) return 0;
    const whole = wholeBytes(bytes, at);
    if (there < whole) return 0;
    const length = lengthOf(bytes, at);
    const type = bytes[at + 3] as number;
    const flags = bytes[at + 4] as number;
    const streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
    const start = at + frameHeaderBytes;
    if (type === FrameType.data) this.#beginData(bytes, start, length, flags, streamId);
    else this.#taker.frame(type, flags, streamId, bytes.subarray(start, at + whole));
    return whole;
  }

  #beginData(bytes: Buffer, start: number, length: number, flags: number, streamId: number): void {
    const isPadded = (flags & FrameFlag.padded) !== 0;
    const padding = isPadded ? (bytes[start] as number) : 0;
    if (isPadded && (length === 0 || padding >= length)) throw new ConnectionFault(ErrorCode.protocol, "more padding than there is frame");
    this.#dataStream = streamId;
    this.#dataEnds = (flags & FrameFlag.endStream) !== 0;
    this.#dataPadding = padding;
    this.#dataExtra = isPadded ? padding + 1 : 0;
    this.#dataLeft = isPadded ? length - 1 : length;
    if (this.#dataLeft > padding) return;
    this.#taker.data(streamId, noBytes, true, this.#dataEnds, this.#dataExtra);
    this.#skip(padding);
  }

  // Padding that follows the last byte is dropped without a look, and has been counted with it.
  #skip(padding: number): void {
    this.#dataLeft = padding;
    this.#dataPadding = -1;
  }

  #passData(bytes: Buffer, at: number): number {
    const there = Math.min(bytes.length - at, this.#dataLeft);
    if (this.#dataPadding < 0) {
      this.#dataLeft -= there;
      return at + there;
    }
    const body = Math.min(there, this.#dataLeft - this.#dataPadding);
    this.#dataLeft -= body;
    const isLast = this.#dataLeft === this.#dataPadding;
    const piece = bytes.subarray(at, at + body);
    this.#taker.data(this.#dataStream, piece, isLast, isLast && this.#dataEnds, isLast ? this.#dataExtra : 0);
    if (isLast) this.#skip(this.#dataPadding);
    return at + body;
  }
}

function lengthOf(bytes: Buffer, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

/** Bytes that are read at once of the frame at `at`: of DATA its header, and the length of its padding. */
function wholeBytes(bytes: Buffer, at: number): number {
  const length = lengthOf(bytes, at);
  if (length > defaultFrameBytes) throw new ConnectionFault(ErrorCode.frameSize, `a frame of ${length} bytes`);
  if (bytes[at + 3] !== FrameType.data) return frameHeaderBytes + length;
  return frameHeaderBytes + (((bytes[at + 4] as number) & FrameFlag.padded) === 0 || length === 0 ? 0 : 1);
}
