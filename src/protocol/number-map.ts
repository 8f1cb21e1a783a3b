const firstCapacity = 16;
const noKeys = new Uint32Array(0);
const factor = (crypto.getRandomValues(new Uint32Array(1))[0] as number) | 1;

/**
 * A map from 32-bit numbers, for what comes and goes with every job.
 *
 * Open addressing with linear probing, and deletion that closes the gap (Knuth, TAOCP vol. 3, 6.4, algorithm R). Unlike `Map`, which
 * leaves a full table behind every few hundred deletions, it makes no garbage: an abandoned table that the collector has aged keeps
 * alive all that it held, and so would age every job.
 */
export class NumberMap<T> {
  #keys: Uint32Array = noKeys;
  #values: (T | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: number): T | undefined {
    return this.#size === 0 ? undefined : this.#values[this.#slotOf(key)];
  }

  has(key: number): boolean {
    return this.get(key) !== undefined;
  }

  set(key: number, value: T): void {
    if ((this.#size + 1) * 2 > this.#values.length) this.#grow();
    const slot = this.#slotOf(key);
    if (this.#values[slot] === undefined) this.#size++;
    this.#keys[slot] = key;
    this.#values[slot] = value;
  }

  /** Harmless when there is no such key. */
  delete(key: number): void {
    if (this.#size === 0) return;
    const slot = this.#slotOf(key);
    if (this.#values[slot] === undefined) return;
    this.#values[slot] = undefined;
    this.#size--;
    this.#closeGap(slot);
  }

  /** Every value, in no order; a copy, so that entries may go while you look. */
  values(): T[] {
    return this.#values.filter((value) => value !== undefined);
  }

  /** Where `key` is, or the free slot where it would be. */
  #slotOf(key: number): number {
    const mask = this.#values.length - 1;
    let slot = hash(key) & mask;
    while (this.#values[slot] !== undefined && this.#keys[slot] !== key >>> 0) slot = (slot + 1) & mask;
    return slot;
  }

  /** Moves back whoever was pushed past `gap` by its owner, so that every key is still found from its home. */
  #closeGap(gap: number): void {
    const mask = this.#values.length - 1;
    for (let slot = (gap + 1) & mask; this.#values[slot] !== undefined; slot = (slot + 1) & mask) {
      const home = hash(this.#keys[slot] as number) & mask;
      const isHomeBetween = gap < slot ? gap < home && home <= slot : gap < home || home <= slot;
      if (isHomeBetween) continue;
      this.#keys[gap] = this.#keys[slot] as number;
      this.#values[gap] = this.#values[slot];
      this.#values[slot] = undefined;
      gap = slot;
    }
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    const capacity = Math.max(firstCapacity, values.length * 2);
    this.#keys = new Uint32Array(capacity);
    this.#values = Array.from({ length: capacity }, () => undefined);
    this.#size = 0;
    for (const [slot, value] of values.entries()) {
      if (value !== undefined) this.set(keys[slot] as number, value);
    }
  }
}

/** Multiplicative hashing (Knuth, 6.4), with a factor that a peer cannot know: it must not choose numbers that collide. */
function hash(key: number): number {
  return Math.imul(key, factor) >>> 12;
}
