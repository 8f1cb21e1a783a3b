import { Packr } from "msgpackr";
import type { Metadata } from "../job/metadata.ts";

const packr = new Packr({ useRecords: false });
/** The entries of metadata that many jobs have in common, packed, without the header of their list. */
const known = new WeakMap<Metadata, Uint8Array>();

/** Metadata as msgpack: a list of key, value, key, value, …. What many jobs have in common is packed once. */
export function packMetadata(metadata: Metadata): Uint8Array {
  const { base, own } = metadata;
  if (base?.isShared !== true || own === undefined) return packr.pack(metadata.flat);
  const common = packedEntries(base);
  const last = packr.pack(own).subarray(listHeaderBytes(own.length));
  const count = 2 * metadata.size;
  const header = listHeaderBytes(count);
  const packed = new Uint8Array(header + common.length + last.length);
  // Source: the msgpack specification, array format family.
  if (header === 1) packed[0] = 0x90 | count;
  else packed.set(header === 3 ? [0xdc, count >>> 8, count] : [0xdd, count >>> 24, count >>> 16, count >>> 8, count]);
  packed.set(common, header);
  packed.set(last, header + common.length);
  return packed;
}

function packedEntries(base: Metadata): Uint8Array {
  const before = known.get(base);
  if (before !== undefined) return before;
  // A copy: what is packed lies in a block with much else.
  const entries = packr.pack(base.flat).slice(listHeaderBytes(base.flat.length));
  known.set(base, entries);
  return entries;
}

function listHeaderBytes(count: number): number {
  return count < 16 ? 1 : count < 65_536 ? 3 : 5;
}
