import type { Candidate } from "./strategy.ts";

/**
 * Whose turn it is, by the order of joining.
 *
 * It remembers the last endpoint by its sequence, not by its place in the list: endpoints leave the list while they are full and come
 * back, and a place would then skip the same ones again and again. Whoever stays in the list is reached before anyone has two turns.
 */
export class Rotation {
  #last = 0;

  /** Index of the first endpoint that joined after the last one taken, or 0. Costs a binary search. */
  start(available: readonly Candidate[]): number {
    let low = 0;
    let high = available.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((available[middle] as Candidate).sequence <= this.#last) low = middle + 1;
      else high = middle;
    }
    return low === available.length ? 0 : low;
  }

  /** Ends the turn of `endpoint`. */
  took(endpoint: Candidate): void {
    this.#last = endpoint.sequence;
  }

  /** Takes the next endpoint in turn. */
  next<C extends Candidate>(available: readonly C[]): C | undefined {
    const endpoint = available[this.start(available)];
    if (endpoint !== undefined) this.took(endpoint);
    return endpoint;
  }
}
