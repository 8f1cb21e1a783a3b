import { type HeldWrite, writeInBurst } from "unigate/transport";
import type { Socket } from "node:net";
import { FrameFlag, frameHeaderBytes, FrameType } from "./protocol.ts";

const smallBytes = 8 * 1024;
const largeBytes = 160 * 1024;
/** Large buffers that wait for whoever needs one next: a connection keeps its small one alone. */
const spare: Buffer<ArrayBuffer>[] = [];
const maxSpare = 8;
/** So much is written at once, before the turn is over: memory that is used again soon is still in the processor's cache. */
const burstBytes = 128 * 1024;
/** While the system has not taken this much, no more DATA should be written. */
const fullBytes = 256 * 1024;

/**
 * The frames that a connection is about to send: those of one turn of the event loop leave as one write.
 *
 * A buffer that the system has taken in whole is used again; otherwise the next turn gets a new one.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #isShared: boolean;
  readonly #hasRoom: () => void;
  #small: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(smallBytes);
  #buffer: Buffer<ArrayBuffer> = this.#small;
  #end = 0;
  #isHeld = false;
  /** Somebody has been told that it is full, and not yet that it has room. */
  #owesRoom = false;
  readonly #atEndOfTurn: HeldWrite = {
    writeNow: () => {
      this.#isHeld = false;
      this.writeNow();
    },
  };
  /** Where the flags of the last frame are, if it is DATA of `#lastStream`. */
  #lastFlags = -1;
  #lastStream = 0;

  /** `isPlain`: the socket hands bytes to the system as they are. `hasRoom` is called when it is full no more. */
  constructor(socket: Socket, isPlain: boolean, hasRoom: () => void) {
    this.#socket = socket;
    this.#isShared = isPlain;
    this.#hasRoom = hasRoom;
    socket.on("drain", () => this.#tellRoom());
  }

  get isFull(): boolean {
    if (this.backlog < fullBytes) return false;
    this.#owesRoom = true;
    return true;
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
    if (this.#end >= burstBytes) this.writeNow();
  }

  /** Ends a stream with the DATA frame that was written last, if it is of this stream and still here. */
  endLast(streamId: number): boolean {
    if (this.#lastFlags < 0 || this.#lastStream !== streamId) return false;
    this.#buffer[this.#lastFlags] = FrameFlag.endStream;
    this.#lastFlags = -1;
    return true;
  }

  /** Writes what is there. */
  writeNow(): void {
    if (this.#end === 0) return;
    const socket = this.#socket;
    const bytes = this.#buffer.subarray(0, this.#end);
    this.#end = 0;
    this.#lastFlags = -1;
    if (socket.destroyed) return;
    const buffer = this.#buffer;
    this.#buffer = this.#small;
    if (buffer !== this.#small) socket.write(bytes, () => giveBack(buffer));
    else {
      socket.write(bytes);
      if (!this.#isShared || socket.writableLength > 0) this.#buffer = this.#small = Buffer.allocUnsafeSlow(smallBytes);
    }
    // A socket whose every write was taken at once never drains.
    this.#tellRoom();
  }

  #tellRoom(): void {
    if (!this.#owesRoom || this.backlog >= fullBytes) return;
    this.#owesRoom = false;
    this.#hasRoom();
  }

  #reserve(bytes: number): void {
    if (!this.#isHeld) {
      this.#isHeld = true;
      writeInBurst(this.#atEndOfTurn);
    }
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = needed <= largeBytes ? (spare.pop() ?? Buffer.allocUnsafeSlow(largeBytes)) : Buffer.allocUnsafeSlow(needed * 2);
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}

function giveBack(buffer: Buffer<ArrayBuffer>): void {
  if (buffer.length === largeBytes && spare.length < maxSpare) spare.push(buffer);
}
