import type { MemoryEntry } from "./memory-entry.ts";

/**
 * The waiting jobs of one target: those that may be taken, in order, and behind each order key those that must wait for another.
 */
export class MemoryLine {
  readonly #takeable = new Set<MemoryEntry>();
  /** By order key, in the order of acceptance; the first one is the only one that may be takeable or running. */
  readonly #lanes = new Map<string, MemoryEntry[]>();

  get isEmpty(): boolean {
    return this.#takeable.size === 0 && this.#lanes.size === 0;
  }

  get hasTakeable(): boolean {
    return this.#takeable.size > 0;
  }

  /** Takes a job in; false when it has to wait for another one of its key. */
  enter(entry: MemoryEntry): boolean {
    const { orderKey } = entry.job;
    if (orderKey === undefined) return true;
    const lane = this.#lanes.get(orderKey);
    if (lane === undefined) this.#lanes.set(orderKey, [entry]);
    else lane.push(entry);
    return lane === undefined;
  }

  /** Tells whether no other job of its key is before it. */
  isFirst({ job }: MemoryEntry): boolean {
    return job.orderKey === undefined || this.#lanes.get(job.orderKey)?.[0]?.job === job;
  }

  offer(entry: MemoryEntry): void {
    this.#takeable.add(entry);
  }

  withhold(entry: MemoryEntry): void {
    this.#takeable.delete(entry);
  }

  /** Lets a job go that has ended; gives the next of its key where it was the first. */
  leave(entry: MemoryEntry): MemoryEntry | undefined {
    this.#takeable.delete(entry);
    const { orderKey } = entry.job;
    const lane = orderKey === undefined ? undefined : this.#lanes.get(orderKey);
    const at = lane?.indexOf(entry) ?? -1;
    if (lane === undefined || orderKey === undefined || at < 0) return undefined;
    lane.splice(at, 1);
    if (lane.length === 0) this.#lanes.delete(orderKey);
    return at === 0 ? lane[0] : undefined;
  }

  takeable(): Iterable<MemoryEntry> {
    return this.#takeable;
  }
}
