/**
 * Counts what costs us more than the peer that sends it, streams that are reset above all: CVE-2023-44487.
 *
 * A bucket that holds `perSecond`, and fills up again within a second. Times are on any one clock, in ms.
 */
export class ResetLimit {
  readonly #perSecond: number;
  #left: number;
  #at = -Infinity;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  /** False when it is one too many. */
  take(now: number): boolean {
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
