/** A metadata value: text, or bytes under a key that ends in `-bin`. */
export type MetadataValue = string | Uint8Array;

/** What users may pass where metadata is taken. */
export type MetadataInit = Metadata | Readonly<Record<string, MetadataValue | readonly MetadataValue[]>>;

/**
 * The headers of a job or a reply: an ordered list of key and value, keys in lower case, repeated keys kept.
 *
 * Immutable. Keys that start with `:` belong to the doors (`:method`, `:path`, `:status`, …) and never come from a caller's own headers.
 */
export class Metadata implements Iterable<readonly [string, MetadataValue]> {
  static readonly empty: Metadata = new Metadata([]);

  /** Other messages come with this very object: what somebody makes of it is worth keeping. */
  readonly isShared: boolean;
  /** What this is, but for one entry at its end that is its own. */
  readonly base: Metadata | undefined;
  readonly #own: readonly [string, MetadataValue] | undefined;
  #flat: readonly MetadataValue[] | undefined;
  /** The first text of each key, of one that is read again and again. */
  #texts: Map<string, string> | undefined;

  private constructor(
    flat: readonly MetadataValue[] | undefined,
    isShared = false,
    base?: Metadata,
    own?: readonly [string, MetadataValue],
  ) {
    this.#flat = flat;
    this.isShared = isShared;
    this.base = base;
    this.#own = own;
  }

  /** Key, value, key, value, …: the form in which it crosses the wire. */
  get flat(): readonly MetadataValue[] {
    return (this.#flat ??= [...(this.base?.flat ?? []), ...(this.#own ?? [])]);
  }

  /** The last entry of one that has a base. */
  get own(): readonly [string, MetadataValue] | undefined {
    return this.#own;
  }

  /** Wraps a flat list of lower-case keys and values without a copy. */
  static fromFlat(flat: readonly MetadataValue[]): Metadata {
    return flat.length === 0 ? Metadata.empty : new Metadata(flat);
  }

  /** The same, for a list that many messages have in common: they are given this one object. */
  static shared(flat: readonly MetadataValue[]): Metadata {
    return new Metadata(flat, true);
  }

  /** Builds metadata from a plain object; an array value repeats the key. */
  static from(init: MetadataInit | undefined): Metadata {
    if (init === undefined) return Metadata.empty;
    if (init instanceof Metadata) return init;
    const flat: MetadataValue[] = [];
    for (const [key, value] of Object.entries(init)) {
      for (const one of isList(value) ? value : [value]) flat.push(key.toLowerCase(), one);
    }
    return Metadata.fromFlat(flat);
  }

  /** Number of entries, repeated keys counted. */
  get size(): number {
    return this.base === undefined ? this.flat.length / 2 : this.base.size + 1;
  }

  /** The first text value of `key` (lower case), or undefined. */
  get(key: string): string | undefined {
    if (this.base !== undefined && this.#own !== undefined) {
      const [last, own] = this.#own;
      return this.base.get(key) ?? (last === key && typeof own === "string" ? own : undefined);
    }
    if (this.isShared) return (this.#texts ??= firstTexts(this)).get(key);
    const { flat } = this;
    for (let at = 0; at < flat.length; at += 2) {
      const value = flat[at + 1];
      if (flat[at] === key && typeof value === "string") return value;
    }
    return undefined;
  }

  /** Every value of `key` (lower case), in order. */
  getAll(key: string): MetadataValue[] {
    const values: MetadataValue[] = [];
    for (const [name, value] of this) if (name === key) values.push(value);
    return values;
  }

  /** This metadata with one more entry at its end; nothing is copied until somebody reads it as a whole. */
  and(key: string, value: MetadataValue): Metadata {
    return new Metadata(undefined, false, this, [key, value]);
  }

  /** This metadata with `more` after it; keys of `more` replace ours when `replace` is set. */
  with(more: MetadataInit, replace = false): Metadata {
    const added = Metadata.from(more);
    if (added.size === 0) return this;
    const kept: MetadataValue[] = [];
    for (const [key, value] of this) {
      if (!replace || added.getAll(key).length === 0) kept.push(key, value);
    }
    return Metadata.fromFlat([...kept, ...added.flat]);
  }

  /** A plain object for people and logs: repeated keys become arrays. */
  toObject(): Record<string, MetadataValue | MetadataValue[]> {
    const lists = new Map<string, MetadataValue[]>();
    for (const [key, value] of this) lists.set(key, [...(lists.get(key) ?? []), value]);
    // `fromEntries` defines properties, so that a header named `__proto__` is a property too.
    return Object.fromEntries([...lists].map(([key, values]) => [key, values.length === 1 ? (values[0] as MetadataValue) : values]));
  }

  *[Symbol.iterator](): Iterator<readonly [string, MetadataValue]> {
    for (let at = 0; at + 1 < this.flat.length; at += 2) {
      yield [this.flat[at] as string, this.flat[at + 1] as MetadataValue];
    }
  }
}

function firstTexts(metadata: Metadata): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of metadata) if (typeof value === "string" && !texts.has(key)) texts.set(key, value);
  return texts;
}

function isList(value: MetadataValue | readonly MetadataValue[]): value is readonly MetadataValue[] {
  return Array.isArray(value);
}
