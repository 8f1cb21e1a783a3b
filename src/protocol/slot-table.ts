import { GateError } from "../error/gate-error.ts";

const slotBits = 20;
const slotMask = (1 << slotBits) - 1;
const lastGeneration = (1 << (32 - slotBits)) - 1;

/**
 * Numbers for what is running, such that an old number never finds a new owner by accident.
 *
 * A number is a slot (20 bits) and the slot's generation (12 bits, never 0, so that 0 is no number): a late answer to a number that has been released, and
 * perhaps given out again, finds nothing. Take, find and release are O(1) without hashing.
 */
export class SlotTable<T> {
  readonly #owners: (T | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  #size = 0;

  /** Numbers given out and not released. */
  get size(): number {
    return this.#size;
  }

  /** Gives `owner` a number; throws `resource_exhausted` when 2^20 are out. */
  take(owner: T): number {
    let slot = this.#free.pop();
    if (slot === undefined) {
      slot = this.#owners.length;
      if (slot > slotMask) throw new GateError("resource_exhausted", `more than ${slotMask + 1} jobs run on one link`);
      this.#generations.push(1);
      this.#owners.push(undefined);
    }
    this.#owners[slot] = owner;
    this.#size++;
    return (((this.#generations[slot] as number) << slotBits) | slot) >>> 0;
  }

  /** The owner of `number`, or undefined when it was released or never given out. */
  find(number: number): T | undefined {
    const slot = number & slotMask;
    return this.#generations[slot] === number >>> slotBits ? this.#owners[slot] : undefined;
  }

  /** Takes the number back; harmless when it is not out. */
  release(number: number): void {
    const slot = number & slotMask;
    if (this.#generations[slot] !== number >>> slotBits || this.#owners[slot] === undefined) return;
    this.#owners[slot] = undefined;
    this.#generations[slot] = ((number >>> slotBits) % lastGeneration) + 1;
    this.#free.push(slot);
    this.#size--;
  }

  /** Every owner, with its number. */
  *entries(): Generator<[number, T]> {
    for (let slot = 0; slot < this.#owners.length; slot++) {
      const owner = this.#owners[slot];
      if (owner !== undefined) yield [(((this.#generations[slot] as number) << slotBits) | slot) >>> 0, owner];
    }
  }
}
