import { Unpackr } from "msgpackr";
import { GateError } from "../error/gate-error.ts";
import { Metadata, type MetadataValue } from "../job/metadata.ts";
import { Flag, headerBytes } from "./record.ts";

/** One decoded record. The reader hands out the same object for every record: read it before you return. */
export class RecordView {
  type = 0;
  flags = 0;
  contentType = 0;
  accept = 0;
  job = 0;
  value = 0;
  route = 0;
  metadata: Metadata = Metadata.empty;
  /** A view into the received frame, not a copy. */
  payload: Uint8Array = empty;

  /** Tells whether all bits of `flag` are set. */
  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }
}

const empty = new Uint8Array(0);
const unpackr = new Unpackr({ mapsAsObjects: true });

/**
 * Splits a frame into records and shows each to `visit`.
 *
 * Throws `GateError` `invalid_argument` for a malformed frame; records before the fault have been visited by then.
 */
export function readFrame(frame: Uint8Array, view: RecordView, visit: (record: RecordView) => void): void {
  const end = frame.byteLength;
  if (end === 0) throw malformed("it is empty");
  const data = new DataView(frame.buffer, frame.byteOffset, end);
  let at = 0;
  while (at < end) {
    if (end - at < headerBytes) throw malformed(`${end - at} bytes are left, a header has ${headerBytes}`);
    const length = data.getUint32(at, true);
    if (length < headerBytes || length > end - at) throw malformed(`a record of ${length} bytes at ${at} in a frame of ${end}`);
    const word = data.getUint32(at + 4, true);
    view.type = word & 0xff;
    view.flags = (word >>> 8) & 0xff;
    view.contentType = (word >>> 16) & 0xff;
    view.accept = word >>> 24;
    view.job = data.getUint32(at + 8, true);
    view.value = data.getUint32(at + 12, true);
    view.route = data.getUint32(at + 16, true);
    let body = at + headerBytes;
    if ((view.flags & Flag.metadata) !== 0) body = readMetadata(frame, data, body, at + length, view);
    else view.metadata = Metadata.empty;
    view.payload = body === at + length ? empty : frame.subarray(body, at + length);
    at += length;
    visit(view);
  }
}

function readMetadata(frame: Uint8Array, data: DataView, at: number, end: number, view: RecordView): number {
  if (end - at < 4) throw malformed("its metadata has no length");
  const length = data.getUint32(at, true);
  const start = at + 4;
  if (length > end - start) throw malformed(`metadata of ${length} bytes where ${end - start} are left`);
  view.metadata = Metadata.fromFlat(toFlat(decode(frame.subarray(start, start + length))));
  return start + length;
}

function decode(bytes: Uint8Array): unknown {
  try {
    return unpackr.unpack(bytes);
  } catch (error) {
    throw malformed("its metadata is not msgpack", error);
  }
}

function toFlat(value: unknown): MetadataValue[] {
  if (!Array.isArray(value) || value.length % 2 !== 0) throw malformed("its metadata is not a list of keys and values");
  for (let at = 0; at < value.length; at++) {
    const one: unknown = value[at];
    if (typeof one !== "string" && (at % 2 === 0 || !(one instanceof Uint8Array)))
      throw malformed("its metadata holds something else than text and bytes");
  }
  return value as MetadataValue[];
}

function malformed(what: string, cause?: unknown): GateError {
  return new GateError("invalid_argument", `malformed frame: ${what}`, { cause });
}
