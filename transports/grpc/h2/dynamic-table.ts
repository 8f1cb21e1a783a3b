import { type Field, firstDynamic, staticTable } from "./static-table.ts";

/** What an entry counts beside its texts. Source: RFC 7541 section 4.1. */
const entryBytes = 32;

/** The fields that the blocks of one direction have left behind: the newest has the lowest number. Source: RFC 7541 section 2.3. */
export class DynamicTable {
  /** Oldest first, from `#first` on. */
  #entries: Field[] = [];
  #first = 0;
  #bytes = 0;
  #limit: number;
  /** Changes whenever a number may mean something else. */
  version = 0;
  readonly #evicted: ((field: Field) => void) | undefined;

  /** `limit`: most bytes that it holds, by the RFC's count; `evicted` hears of each that goes. */
  constructor(limit: number, evicted?: (field: Field) => void) {
    this.#limit = limit;
    this.#evicted = evicted;
  }

  get limit(): number {
    return this.#limit;
  }

  /** The field with this number, static ones included. */
  get(index: number): Field | undefined {
    if (index < firstDynamic) return staticTable[index];
    const at = this.#entries.length - 1 - (index - firstDynamic);
    return at < this.#first ? undefined : this.#entries[at];
  }

  /** How many fields were ever added; the number of the one that was added as the nth is `numberOf(n)`. */
  get added(): number {
    return this.#dropped + this.#entries.length;
  }

  numberOf(nth: number): number {
    return firstDynamic + this.added - nth;
  }

  #dropped = 0;

  /** Adds a field, and lets the oldest go until all fit; one that is larger than the table leaves it empty. */
  add(field: Field): void {
    this.version++;
    const bytes = sizeOf(field);
    this.#shrinkTo(this.#limit - bytes);
    if (bytes > this.#limit) return;
    this.#entries.push(field);
    this.#bytes += bytes;
  }

  setLimit(limit: number): void {
    this.version++;
    this.#limit = limit;
    this.#shrinkTo(limit);
  }

  #shrinkTo(limit: number): void {
    while (this.#bytes > limit && this.#first < this.#entries.length) {
      const oldest = this.#entries[this.#first++] as Field;
      this.#bytes -= sizeOf(oldest);
      this.#evicted?.(oldest);
    }
    // What is gone leaves the list only now and then: to shift at each would cost the whole list.
    if (this.#first < 64 || this.#first * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#dropped += this.#first;
    this.#first = 0;
  }
}

/** What a field counts. */
export function sizeOf({ name, value }: Field): number {
  return name.length + value.length + entryBytes;
}
