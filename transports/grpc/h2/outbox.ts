import type { Socket } from "node:net";
import { FrameFlag, frameHeaderBytes, FrameType } from "./protocol.ts";
import { writeInBurst } from "./write-burst.ts";

const firstBytes = 8 * 1024;
/** A buffer that has grown beyond this is not kept. */
const keptBytes = 256 * 1024;

/**
 * The frames that a connection is about to send: those of one turn of the event loop leave as one write.
 *
 * A buffer that the system has taken in whole is used again; otherwise the next turn gets a new one.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #isShared: boolean;
  #buffer: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(firstBytes);
  #end = 0;
  #isHeld = false;
  /** Where the flags of the last frame are, if it is DATA of `#lastStream`. */
  #lastFlags = -1;
  #lastStream = 0;

  /** `isPlain`: the socket hands bytes to the system as they are. */
  constructor(socket: Socket, isPlain: boolean) {
    this.#socket = socket;
    this.#isShared = isPlain;
  }

  /** Bytes that the system has not taken. */
  get backlog(): number {
    return this.#end + this.#socket.writableLength;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The header of a frame, and room for its payload. */
  head(length: number, type: number, flags: number, streamId: number): void {
    this.#reserve(frameHeaderBytes + length);
    const buffer = this.#buffer;
    let at = this.#end;
    buffer[at++] = length >>> 16;
    buffer[at++] = length >>> 8;
    buffer[at++] = length;
    buffer[at++] = type;
    buffer[at++] = flags;
    buffer[at++] = streamId >>> 24;
    buffer[at++] = streamId >>> 16;
    buffer[at++] = streamId >>> 8;
    buffer[at++] = streamId;
    this.#end = at;
    this.#lastFlags = -1;
  }

  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.head(payload.length, type, flags, streamId);
    this.bytes(payload);
  }

  /** A frame whose payload is one number of four bytes. */
  number(type: number, streamId: number, value: number): void {
    this.head(4, type, 0, streamId);
    this.#end = this.#buffer.writeUInt32BE(value, this.#end);
  }

  data(streamId: number, payload: Uint8Array, endsStream: boolean): void {
    const flagsAt = this.#end + 4;
    this.head(payload.length, FrameType.data, endsStream ? FrameFlag.endStream : 0, streamId);
    this.bytes(payload);
    this.#lastFlags = flagsAt;
    this.#lastStream = streamId;
  }

  /** Ends a stream with the DATA frame that was written last, if it is of this stream and still here. */
  endLast(streamId: number): boolean {
    if (this.#lastFlags < 0 || this.#lastStream !== streamId) return false;
    this.#buffer[this.#lastFlags] = FrameFlag.endStream;
    this.#lastFlags = -1;
    return true;
  }

  writeNow(): void {
    this.#isHeld = false;
    if (this.#end === 0) return;
    const socket = this.#socket;
    const bytes = this.#buffer.subarray(0, this.#end);
    this.#end = 0;
    this.#lastFlags = -1;
    if (socket.destroyed) return;
    socket.write(bytes);
    if (!this.#isShared || socket.writableLength > 0 || this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafeSlow(firstBytes);
  }

  #reserve(bytes: number): void {
    if (!this.#isHeld) {
      this.#isHeld = true;
      writeInBurst(this);
    }
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}
