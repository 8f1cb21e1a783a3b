import { DynamicTable, sizeOf } from "./dynamic-table.ts";
import { HeaderFields } from "./header-fields.ts";
import { decodeHuffman } from "./huffman.ts";
import { ConnectionFault, ErrorCode } from "./protocol.ts";
import type { Field } from "./static-table.ts";

const tableBytes = 4096;
/** Blocks of one connection that are remembered, and the largest of them. */
const remembered = 16;
const rememberedBytes = 1024;
/** Blocks that are the same on all connections. */
const sharedFields = 256;

const noBytes = Buffer.alloc(0);

interface Known {
  readonly bytes: Buffer;
  readonly version: number;
  readonly fields: HeaderFields;
}

/** Most connections carry the same few blocks: each is one object in the whole process. */
const shared = new Map<string, HeaderFields>();

/**
 * Reads the header blocks of one connection, in their order.
 *
 * A block that only names what the table has is remembered: the same bytes mean the same fields for as long as the table stays as it is.
 * Source: RFC 7541.
 */
export class HeaderDecoder {
  readonly #table = new DynamicTable(tableBytes);
  readonly #maxListBytes: number;
  readonly #known: (Known | undefined)[] = Array.from({ length: remembered }, () => undefined);
  #bytes: Buffer = noBytes;
  #at = 0;

  /** `maxListBytes`: the most that is kept of one block, by the RFC's count. */
  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes;
  }

  /** Decodes one whole block; throws a `ConnectionFault` for a malformed one. */
  decode(block: Buffer): HeaderFields {
    const slot = slotOf(block);
    const known = this.#known[slot];
    if (known !== undefined && known.version === this.#table.version && known.bytes.equals(block)) return known.fields;
    const { version } = this.#table;
    const fields = this.#read(block);
    if (version !== this.#table.version || block.length > rememberedBytes || fields.isTooLarge) return fields;
    const one = share(fields);
    this.#known[slot] = { bytes: Buffer.from(block), version, fields: one };
    return one;
  }

  #read(block: Buffer): HeaderFields {
    this.#bytes = block;
    this.#at = 0;
    const flat: string[] = [];
    let left = this.#maxListBytes;
    while (this.#at < block.length) {
      const first = block[this.#at] as number;
      if ((first & 0xe0) === 0x20) {
        if (flat.length > 0) throw malformed("a table size after a field");
        this.#resize();
        continue;
      }
      const field = this.#field(first);
      left -= sizeOf(field);
      // What is too much is read on, for the table has to follow, but not kept.
      if (left >= 0) flat.push(field.name, field.value);
    }
    return new HeaderFields(flat, left < 0);
  }

  #field(first: number): Field {
    if (first >= 0x80) return this.#named(this.#number(7));
    const isAdded = first >= 0x40;
    const index = this.#number(isAdded ? 6 : 4);
    const name = index === 0 ? this.#text() : this.#named(index).name;
    const field = { name, value: this.#text() };
    if (isAdded) this.#table.add(field);
    return field;
  }

  #named(index: number): Field {
    const field = this.#table.get(index);
    if (field === undefined) throw malformed(`field ${index} is not there`);
    return field;
  }

  #resize(): void {
    const limit = this.#number(5);
    if (limit > tableBytes) throw malformed("a table larger than allowed");
    this.#table.setLimit(limit);
  }

  /** A number whose first byte has `bits` for it. Source: RFC 7541 section 5.1. */
  #number(bits: number): number {
    const full = (1 << bits) - 1;
    let value = this.#byte() & full;
    if (value < full) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed("a number without end");
  }

  #text(): string {
    const isHuffman = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#number(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#bytes.length) throw malformed("a text beyond its block");
    this.#at = end;
    if (!isHuffman) return this.#bytes.toString("latin1", start, end);
    if (scratch.length < length * 2) scratch = Buffer.allocUnsafeSlow(length * 2);
    return scratch.toString("latin1", 0, decodeHuffman(this.#bytes, start, end, scratch));
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw malformed("an end inside a field");
    return byte;
  }
}

/** Where a text is put together, by whoever decodes now. */
let scratch = Buffer.allocUnsafeSlow(4096);

function slotOf(block: Buffer): number {
  const { length } = block;
  return (length + (block[length - 1] ?? 0) * 7 + (block[length >> 1] ?? 0) * 3) % remembered;
}

function share(fields: HeaderFields): HeaderFields {
  const key = fields.flat.join("\0");
  const known = shared.get(key);
  if (known !== undefined) return known;
  // The oldest goes: what is in use comes back at its next block.
  if (shared.size >= sharedFields) shared.delete(shared.keys().next().value as string);
  shared.set(key, fields);
  return fields;
}

function malformed(what: string): ConnectionFault {
  return new ConnectionFault(ErrorCode.compression, `a malformed header block: ${what}`);
}
