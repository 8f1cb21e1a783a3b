import { GateError } from "../error/gate-error.ts";
import type { Metadata } from "../job/metadata.ts";
import { allocate } from "../observe/platform.ts";
import { packMetadata } from "./packed-metadata.ts";
import { Flag, headerBytes } from "./record.ts";

const chunkBytes = 64 * 1024;
/** From here on a record travels in a frame of its own, so that it is copied once and nothing waits behind it. */
const largeBytes = 32 * 1024;

const noBytes = new Uint8Array(0);

/** The header fields of one record; see `record.ts`. */
export interface RecordHeader {
  type: number;
  flags?: number;
  contentType?: number;
  accept?: number;
  job?: number;
  value?: number;
  route?: number;
}

/**
 * Collects records into frames.
 *
 * Records that are written before `flush` share a frame. Frames are cut from 64 KiB blocks that are never written twice, so a
 * carrier may keep a frame for as long as it likes without a copy. `emit` receives each frame, in order.
 */
export class FrameWriter {
  readonly #emit: (frame: Uint8Array) => void;
  /** Largest record that the peer takes, in bytes. */
  maxRecordBytes: number;
  #block: Uint8Array = noBytes;
  #data: DataView = new DataView(noBytes.buffer);
  #start = 0;
  #end = 0;

  constructor(emit: (frame: Uint8Array) => void, maxRecordBytes: number) {
    this.#emit = emit;
    this.maxRecordBytes = maxRecordBytes;
  }

  /** Records that wait for `flush`. */
  protected pendingRecords = 0;

  /** Bytes that wait for `flush`. */
  get pending(): number {
    return this.#end - this.#start;
  }

  /** A record that has neither metadata nor payload. */
  control(type: number, flags: number, job: number, value: number): void {
    const at = this.#reserve(headerBytes);
    this.#header(at, headerBytes, type | (flags << 8), job, value, 0);
    this.written();
  }

  /**
   * Adds one record. Throws `resource_exhausted`, and writes nothing, when it is larger than the peer takes.
   * The payload is copied here and nowhere else.
   */
  record(header: RecordHeader, payload: Uint8Array = noBytes, metadata?: Metadata): void {
    this.message(
      header.type,
      header.flags ?? 0,
      header.contentType ?? 0,
      header.accept ?? 0,
      header.job ?? 0,
      header.value ?? 0,
      header.route ?? 0,
      payload,
      metadata,
    );
  }

  /** `record` with its header spelled out, for the path of every job: it creates no object. */
  message(
    type: number,
    flags: number,
    contentType: number,
    accept: number,
    job: number,
    value: number,
    route: number,
    payload: Uint8Array,
    metadata?: Metadata,
  ): void {
    const packed = metadata === undefined || metadata.size === 0 ? undefined : packMetadata(metadata);
    const bytes = headerBytes + payload.length + (packed === undefined ? 0 : 4 + packed.length);
    if (bytes > this.maxRecordBytes) throw tooLarge(payload.length, this.maxRecordBytes);
    let at = this.#reserve(bytes);
    const allFlags = packed === undefined ? flags & ~Flag.metadata : flags | Flag.metadata;
    this.#header(at, bytes, type | (allFlags << 8) | (contentType << 16) | (accept << 24), job, value, route);
    at += headerBytes;
    if (packed !== undefined) {
      this.#data.setUint32(at, packed.length, true);
      this.#block.set(packed, at + 4);
      at += 4 + packed.length;
    }
    if (payload.length > 0) this.#block.set(payload, at);
    if (bytes >= largeBytes) this.flush();
    else this.written();
  }

  /** Emits what has been collected; harmless when there is nothing. */
  flush(): void {
    if (this.#end === this.#start) return;
    const frame = this.#block.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.pendingRecords = 0;
    this.#emit(frame);
  }

  /** Called after each record: the place to arrange for a flush. */
  protected written(): void {}

  #reserve(bytes: number): number {
    if (bytes > this.#block.length - this.#end || bytes >= largeBytes) {
      this.flush();
      this.#block = allocate(bytes >= largeBytes ? bytes : chunkBytes);
      this.#data = new DataView(this.#block.buffer, this.#block.byteOffset, this.#block.length);
      this.#start = 0;
      this.#end = 0;
    }
    const at = this.#end;
    this.#end += bytes;
    this.pendingRecords++;
    return at;
  }

  #header(at: number, bytes: number, word: number, job: number, value: number, route: number): void {
    const data = this.#data;
    data.setUint32(at, bytes, true);
    data.setUint32(at + 4, word, true);
    data.setUint32(at + 8, job, true);
    data.setUint32(at + 12, value, true);
    data.setUint32(at + 16, route, true);
  }
}

function tooLarge(bytes: number, limit: number): GateError {
  return new GateError(
    "resource_exhausted",
    `a payload of ${bytes} bytes is larger than the link takes (${limit} with its header); raise maxPayload or stream it`,
    {
      retryable: false,
      details: { bytes, limit },
    },
  );
}
