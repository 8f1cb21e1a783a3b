import type { Clock, Timer } from "unigate/transport";

interface Pending {
  at: number;
  periodMs: number | undefined;
  fire: () => void;
}

const startOf2026 = Date.UTC(2026, 0);

/** Time that a test moves by hand: timers fire in order, inside `advance`. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #pending = new Set<Pending>();

  now(): number {
    return this.#now;
  }

  date(): number {
    return startOf2026 + this.#now;
  }

  after(delayMs: number, fire: () => void): Timer {
    return this.#add({ at: this.#now + delayMs, periodMs: undefined, fire });
  }

  every(periodMs: number, fire: () => void): Timer {
    return this.#add({ at: this.#now + periodMs, periodMs, fire });
  }

  /** Number of timers that are set. */
  get timers(): number {
    return this.#pending.size;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    while (true) {
      let next: Pending | undefined;
      for (const one of this.#pending) if (one.at <= end && (next === undefined || one.at < next.at)) next = one;
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      if (next.periodMs === undefined) this.#pending.delete(next);
      else next.at += next.periodMs;
      next.fire();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** The process stands still: time passes, and timers that fall due meanwhile fire late, in the next `advance`. */
  stall(ms: number): void {
    this.#now += ms;
  }

  #add(pending: Pending): Timer {
    this.#pending.add(pending);
    return { clear: () => void this.#pending.delete(pending) };
  }
}
