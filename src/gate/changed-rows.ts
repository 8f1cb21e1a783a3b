import type { RowChange } from "../transport/watch-update.ts";

/** Rows that a reader has not seen as they are, and names of rows that are no more. */
export interface RowChanges<Row, Key extends keyof Row> {
  changed: RowChange<Row, Key>[];
  gone: string[];
}

/** Tells one reader what it does not know yet. */
export interface RowReader<Row, Key extends keyof Row> {
  take(): RowChanges<Row, Key>;
}

/** How to read each field of a row, in the order in which they are told. */
export type Columns<Source, Row> = { readonly [Field in keyof Row]: (source: Source) => Row[Field] };

/** What `ChangedRows` tells of. */
export interface RowTable<Source, Row, Key extends keyof Row> {
  /** The field that names a row. */
  key: Key;
  columns: Columns<Source, Row>;
  /** What there is now; each is good until the next one is taken. */
  sources(): Iterable<Source>;
}

/** A row as the reader has it, field by field; `look` is the last one that found it. */
interface SeenRow<Row> {
  readonly values: Row[keyof Row][];
  look: number;
}

/**
 * Remembers the rows that one reader has.
 *
 * Thousands are compared every second, and few have changed: no object is made for one that has not, and what is remembered stays in place.
 */
export class ChangedRows<Source, Row, Key extends keyof Row> implements RowReader<Row, Key> {
  readonly #table: RowTable<Source, Row, Key>;
  readonly #fields: readonly (keyof Row)[];
  readonly #readers: readonly ((source: Source) => Row[keyof Row])[];
  readonly #seen = new Map<string, SeenRow<Row>>();
  #look = 0;

  constructor(table: RowTable<Source, Row, Key>) {
    this.#table = table;
    this.#fields = (Object.keys(table.columns) as (keyof Row)[]).filter((field) => field !== table.key);
    this.#readers = this.#fields.map((field) => table.columns[field]);
  }

  /** Compares all rows there are now with those of the last time. */
  take(): RowChanges<Row, Key> {
    const look = ++this.#look;
    const changed: RowChange<Row, Key>[] = [];
    const { key, columns } = this.#table;
    let count = 0;
    for (const source of this.#table.sources()) {
      count++;
      const name = columns[key](source);
      const seen = this.#find(name as string);
      seen.look = look;
      const change = this.#changeOf(seen.values, source, name);
      if (change !== undefined) changed.push(change);
    }
    return { changed, gone: this.#seen.size === count ? [] : this.#forget(look) };
  }

  #find(name: string): SeenRow<Row> {
    let seen = this.#seen.get(name);
    // Of a new row no field is known: it is told whole.
    if (seen === undefined) this.#seen.set(name, (seen = { values: [], look: 0 }));
    return seen;
  }

  #changeOf(known: Row[keyof Row][], source: Source, name: Row[Key]): RowChange<Row, Key> | undefined {
    let change: RowChange<Row, Key> | undefined;
    for (let at = 0; at < this.#readers.length; at++) {
      const value = (this.#readers[at] as (source: Source) => Row[keyof Row])(source);
      if (value === known[at]) continue;
      known[at] = value;
      change ??= { [this.#table.key]: name } as RowChange<Row, Key>;
      change[this.#fields[at] as keyof Row] = value;
    }
    return change;
  }

  /** Forgets the rows that this look has not found. */
  #forget(look: number): string[] {
    const gone = [...this.#seen].filter(([, seen]) => seen.look !== look).map(([name]) => name);
    for (const name of gone) this.#seen.delete(name);
    return gone;
  }
}
