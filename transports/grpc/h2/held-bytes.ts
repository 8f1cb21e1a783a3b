import { defaultFrameBytes } from "./protocol.ts";

/** Memory for pieces of DATA frames, for whichever stream has to hold one next. */
const spare: Buffer<ArrayBuffer>[] = [];
/** Together 1 MB: what a server may send on one stream that nobody reads. */
const maxSpare = 64;

/**
 * A copy of a piece of a DATA frame, for a stream that holds it until its listener has room.
 *
 * A reader that is a little slower than the server makes a stream hold most of what comes. Were each piece new memory, much of it would
 * wait for a collection that nothing else calls for: its objects are small.
 */
export function holdBytes(bytes: Buffer): Buffer {
  if (bytes.length < defaultFrameBytes / 2) return Buffer.from(bytes);
  const memory = spare.pop() ?? Buffer.allocUnsafeSlow(defaultFrameBytes);
  memory.set(bytes);
  return memory.subarray(0, bytes.length);
}

/** Takes the memory of such a copy back; nobody may look at it any more. */
export function dropBytes({ buffer }: Buffer): void {
  if (buffer.byteLength === defaultFrameBytes && spare.length < maxSpare) spare.push(Buffer.from(buffer as ArrayBuffer));
}
