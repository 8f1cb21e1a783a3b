import { ConnectionFault, ErrorCode, FrameFlag } from "./protocol.ts";

/** Largest block as it comes, and the frames that it may take: without a bound one without end would fill the memory. */
const maxBlockBytes = 256 * 1024;
const maxFrames = 64;

/** Puts a header block together that comes in several frames: HEADERS, and CONTINUATION until the last one. */
export class HeaderAssembly {
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** 0 while no block is under way. */
  streamId = 0;
  endsStream = false;

  /** Begins a block with its first frame, and gives it when it is whole. */
  begin(streamId: number, flags: number, fragment: Buffer): Buffer | undefined {
    this.endsStream = (flags & FrameFlag.endStream) !== 0;
    if ((flags & FrameFlag.endHeaders) !== 0) return fragment;
    this.streamId = streamId;
    this.#pieces = [Buffer.from(fragment)];
    this.#bytes = fragment.length;
    return undefined;
  }

  /** Goes on with the next frame, and gives the block when it is whole. */
  add(flags: number, fragment: Buffer): Buffer | undefined {
    this.#pieces.push(Buffer.from(fragment));
    this.#bytes += fragment.length;
    if (this.#bytes > maxBlockBytes || this.#pieces.length > maxFrames)
      throw new ConnectionFault(ErrorCode.enhanceYourCalm, "a header block without end");
    if ((flags & FrameFlag.endHeaders) === 0) return undefined;
    this.streamId = 0;
    const block = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return block;
  }
}

/** The block in a HEADERS frame: without its padding, and without a priority. */
export function fragmentOf(flags: number, payload: Buffer): Buffer {
  const isPadded = (flags & FrameFlag.padded) !== 0;
  const start = (isPadded ? 1 : 0) + ((flags & FrameFlag.priority) === 0 ? 0 : 5);
  const end = payload.length - (isPadded ? (payload[0] ?? 0) : 0);
  if (end < start) throw new ConnectionFault(ErrorCode.protocol, "a HEADERS frame with more padding than block");
  return start === 0 && end === payload.length ? payload : payload.subarray(start, end);
}
