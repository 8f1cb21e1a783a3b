import type { RowChange } from "../transport/watch-update.ts";

/** Rows that a reader has not seen as they are, and names of rows that are no more. */
export interface RowChanges<Row, Key extends keyof Row> {
  changed: RowChange<Row, Key>[];
  gone: string[];
}

/** Remembers the rows that one reader has, and tells what it does not know yet. */
export class ChangedRows<Row extends object, Key extends keyof Row> {
  readonly #key: Key;
  #known = new Map<string, Row>();

  constructor(key: Key) {
    this.#key = key;
  }

  /** Compares all rows there are now with those of the last time. */
  take(rows: Iterable<Row>): RowChanges<Row, Key> {
    const before = this.#known;
    const now = new Map<string, Row>();
    const changed: RowChange<Row, Key>[] = [];
    for (const row of rows) {
      const name = row[this.#key] as string;
      const change = this.#changeOf(before.get(name), row);
      if (change !== undefined) changed.push(change);
      now.set(name, row);
    }
    this.#known = now;
    return { changed, gone: [...before.keys()].filter((name) => !now.has(name)) };
  }

  #changeOf(before: Row | undefined, row: Row): RowChange<Row, Key> | undefined {
    if (before === undefined) return row;
    let change: RowChange<Row, Key> | undefined;
    for (const field in row) {
      if (row[field] === before[field]) continue;
      change ??= { [this.#key]: row[this.#key] } as RowChange<Row, Key>;
      change[field] = row[field];
    }
    return change;
  }
}
