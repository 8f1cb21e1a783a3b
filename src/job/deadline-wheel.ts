import type { Clock, Timer } from "../observe/clock.ts";

/** Something that a `DeadlineWheel` can hold. The links belong to the wheel; start them as undefined. */
export interface DeadlineEntry {
  /** On the clock, in ms; `Infinity` is never held. */
  readonly deadline: number;
  wheelNext: DeadlineEntry | undefined;
  wheelPrevious: DeadlineEntry | undefined;
  /** Called once, at the deadline or up to two ticks after it, never before; ignore it when you have ended in the same turn. */
  expire(): void;
}

const tickMs = 8;
const slotCount = 1024;

/**
 * Many deadlines on one timer: adding and removing cost O(1), and no timer is created per job.
 *
 * A hashed timing wheel (Varghese & Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987, scheme 6): 1024 slots of 8 ms.
 * The timer sleeps until the earliest occupied slot of the coming turn, so an idle wheel wakes once per turn at most.
 */
export class DeadlineWheel {
  readonly #clock: Clock;
  readonly #slots: (DeadlineEntry | undefined)[] = Array.from({ length: slotCount }, () => undefined);
  #held = 0;
  /** The tick up to which everything has been looked at. */
  #doneTick: number;
  #timer: Timer | undefined;
  #wakeAt = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#doneTick = Math.floor(clock.now() / tickMs);
  }

  /** Number of entries held. */
  get size(): number {
    return this.#held;
  }

  /** Holds `entry` until it expires or is removed. */
  add(entry: DeadlineEntry): void {
    if (entry.deadline === Infinity) return;
    const slot = slotOf(Math.max(tickOf(entry.deadline), this.#doneTick + 1));
    const head = this.#slots[slot];
    entry.wheelNext = head;
    entry.wheelPrevious = entry;
    if (head !== undefined) head.wheelPrevious = entry;
    this.#slots[slot] = entry;
    this.#held++;
    if (entry.deadline < this.#wakeAt) this.#wake(entry.deadline);
  }

  /** Lets go of `entry`; harmless when it is not held. */
  remove(entry: DeadlineEntry): void {
    const previous = entry.wheelPrevious;
    if (previous === undefined) return;
    const next = entry.wheelNext;
    if (previous === entry) this.#replaceHead(entry, next);
    else previous.wheelNext = next;
    if (next !== undefined) next.wheelPrevious = previous === entry ? next : previous;
    entry.wheelNext = undefined;
    entry.wheelPrevious = undefined;
    this.#held--;
  }

  /** Stops the timer; entries are forgotten without expiring. */
  close(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    for (const head of this.#slots) {
      for (let entry = head; entry !== undefined;) {
        const next: DeadlineEntry | undefined = entry.wheelNext;
        this.remove(entry);
        entry = next;
      }
    }
  }

  // A head's `wheelPrevious` is the entry itself: it says "held" without naming the slot, which the deadline gives,
  // unless the entry came late and was put into the next tick's slot; then we look for it.
  #replaceHead(entry: DeadlineEntry, next: DeadlineEntry | undefined): void {
    let slot = slotOf(tickOf(entry.deadline));
    if (this.#slots[slot] !== entry) slot = this.#slots.indexOf(entry);
    this.#slots[slot] = next;
  }

  #wake(deadline: number): void {
    this.#timer?.clear();
    const now = this.#clock.now();
    this.#wakeAt = Math.min(Math.max(deadline, now), now + tickMs * (slotCount - 1));
    this.#timer = this.#clock.after(Math.max(1, Math.ceil(this.#wakeAt - now)), () => this.#turn());
  }

  #turn(): void {
    this.#timer = undefined;
    this.#wakeAt = Infinity;
    const now = this.#clock.now();
    const lastTick = Math.floor(now / tickMs);
    const first = Math.max(this.#doneTick, lastTick - slotCount + 1);
    // The current tick is looked at again next time: its later entries are not due yet.
    this.#doneTick = lastTick - 1;
    for (let tick = first; tick <= lastTick; tick++) this.#expireSlot(slotOf(tick), now);
    this.#sleep(lastTick);
  }

  #expireSlot(slot: number, now: number): void {
    const due: DeadlineEntry[] = [];
    for (let entry = this.#slots[slot]; entry !== undefined; entry = entry.wheelNext) {
      if (entry.deadline <= now) due.push(entry);
    }
    for (const entry of due) this.remove(entry);
    for (const entry of due) entry.expire();
  }

  #sleep(lastTick: number): void {
    if (this.#held === 0) return;
    for (let tick = lastTick; tick < lastTick + slotCount; tick++) {
      if (this.#slots[slotOf(tick)] !== undefined) {
        const due = (tick + 1) * tickMs;
        if (due < this.#wakeAt) this.#wake(due);
        return;
      }
    }
  }
}

function tickOf(deadline: number): number {
  return Math.floor(deadline / tickMs);
}

function slotOf(tick: number): number {
  return tick % slotCount;
}
