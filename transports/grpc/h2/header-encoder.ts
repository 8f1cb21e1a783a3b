import { DynamicTable, sizeOf } from "./dynamic-table.ts";
import type { HeaderFields } from "./header-fields.ts";
import { type Field, firstDynamic, staticTable } from "./static-table.ts";

const tableBytes = 4096;
/** A value larger than this is no use in the table. */
const largestIndexed = 512;
/** Names whose last value is remembered. */
const rememberedNames = 256;
/** Blocks that are remembered. */
const rememberedBlocks = 16;
/** Fields that no one on the way may put in a table: whoever can try values must not see which is right. Source: RFC 7541 section 7.1.3. */
const secret: ReadonlySet<string> = new Set(["authorization", "cookie", "set-cookie", "proxy-authorization", "x-gate-key"]);

const addedLiteral = 0x40;
const plainLiteral = 0x00;
const neverIndexed = 0x10;
const tableSize = 0x20;

interface Known {
  fields: HeaderFields;
  version: number;
  block: Buffer;
}

const staticNumbers = new Map<string, number>();
const staticNames = new Map<string, number>();
for (let number = firstDynamic - 1; number > 0; number--) {
  const { name, value } = staticTable[number] as Field;
  staticNumbers.set(`${name}\0${value}`, number);
  staticNames.set(name, number);
}

/**
 * Writes the header blocks of one connection, in their order.
 *
 * A field goes into the table when the same comes a second time in a row: what is new at every call stays out, and pushes nothing out.
 * A block that changes nothing in the table is remembered by its fields. Texts are not packed by Huffman's code: those that repeat are
 * one byte each. Source: RFC 7541.
 */
export class HeaderEncoder {
  /** By name and value, the how-manieth it was to be added. */
  readonly #nths = new Map<string, number>();
  readonly #table = new DynamicTable(tableBytes, ({ name, value }) => this.#nths.delete(`${name}\0${value}`));
  readonly #lastValues = new Map<string, string>();
  readonly #known: Known[] = [];
  #oldest = 0;
  /** The smallest limit since the last block; undefined when it has not changed. */
  #smallestLimit: number | undefined;
  /** The block at hand would be smaller if it came again. */
  #mayShrink = false;
  #out = Buffer.allocUnsafeSlow(1024);
  #at = 0;

  /** The most that the peer keeps, in bytes. */
  setTableLimit(bytes: number): void {
    const limit = Math.min(bytes, tableBytes);
    if (limit === this.#table.limit) return;
    this.#table.setLimit(limit);
    this.#smallestLimit = Math.min(limit, this.#smallestLimit ?? limit);
  }

  /** The block of `fields`, with `name` and `value` behind them when they are given; good until the next call. */
  encode(fields: HeaderFields, name?: string, value?: string): Buffer {
    const known = this.#find(fields);
    this.#at = 0;
    if (known !== undefined) {
      if (name === undefined) return known.block;
      this.#reserve(known.block.length);
      this.#at = known.block.copy(this.#out, 0);
    } else this.#encodeAll(fields);
    if (name !== undefined && value !== undefined) this.#literal(plainLiteral, 4, name, value);
    return this.#out.subarray(0, this.#at);
  }

  #find(fields: HeaderFields): Known | undefined {
    if (this.#smallestLimit !== undefined) return undefined;
    for (const known of this.#known) if (known.fields === fields) return known.version === this.#table.version ? known : undefined;
    return undefined;
  }

  #encodeAll(fields: HeaderFields): void {
    const isPure = this.#smallestLimit === undefined;
    if (!isPure) this.#announceLimit();
    this.#mayShrink = false;
    const { version } = this.#table;
    const { flat } = fields;
    for (let at = 0; at < flat.length; at += 2) this.#field(flat[at] as string, flat[at + 1] as string);
    if (isPure && !this.#mayShrink && version === this.#table.version) this.#remember(fields);
  }

  /** A limit that went down and up again is told as both. Source: RFC 7541 section 4.2. */
  #announceLimit(): void {
    const { limit } = this.#table;
    if (this.#smallestLimit !== undefined && this.#smallestLimit < limit) this.#number(tableSize, 5, this.#smallestLimit);
    this.#number(tableSize, 5, limit);
    this.#smallestLimit = undefined;
  }

  #remember(fields: HeaderFields): void {
    const entry = { fields, version: this.#table.version, block: Buffer.from(this.#out.subarray(0, this.#at)) };
    const before = this.#known.findIndex((known) => known.fields === fields);
    if (before >= 0) this.#known[before] = entry;
    else if (this.#known.length < rememberedBlocks) this.#known.push(entry);
    else {
      this.#known[this.#oldest] = entry;
      this.#oldest = (this.#oldest + 1) % rememberedBlocks;
    }
  }

  #field(name: string, value: string): void {
    if (secret.has(name)) return this.#literal(neverIndexed, 4, name, value);
    const key = `${name}\0${value}`;
    const fixed = staticNumbers.get(key);
    if (fixed !== undefined) return this.#number(0x80, 7, fixed);
    const nth = this.#nths.get(key);
    if (nth !== undefined) return this.#number(0x80, 7, this.#table.numberOf(nth));
    if (!this.#repeats(name, value)) return this.#literal(plainLiteral, 4, name, value);
    this.#literal(addedLiteral, 6, name, value);
    this.#table.add({ name, value });
    this.#nths.set(key, this.#table.added);
  }

  #repeats(name: string, value: string): boolean {
    if (sizeOf({ name, value }) > Math.min(largestIndexed, this.#table.limit / 4)) return false;
    const last = this.#lastValues.get(name);
    if (last === value) return true;
    if (last === undefined && this.#lastValues.size >= rememberedNames) return false;
    this.#lastValues.set(name, value);
    this.#mayShrink = true;
    return false;
  }

  #literal(kind: number, bits: number, name: string, value: string): void {
    const named = staticNames.get(name);
    if (named !== undefined) this.#number(kind, bits, named);
    else {
      this.#number(kind, bits, 0);
      this.#text(name);
    }
    this.#text(value);
  }

  #text(text: string): void {
    this.#number(0, 7, text.length);
    this.#reserve(text.length);
    this.#at += this.#out.write(text, this.#at, "latin1");
  }

  #number(kind: number, bits: number, value: number): void {
    this.#reserve(6);
    const full = (1 << bits) - 1;
    if (value < full) {
      this.#out[this.#at++] = kind | value;
      return;
    }
    this.#out[this.#at++] = kind | full;
    let left = value - full;
    while (left >= 0x80) {
      this.#out[this.#at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    this.#out[this.#at++] = left;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#out.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#out.length * 2, this.#at + bytes));
    this.#out.copy(larger, 0, 0, this.#at);
    this.#out = larger;
  }
}
