import type { Participant } from "../participant.ts";
import { countsOf } from "../server/counts-of.ts";

/** Redis is not asked more often than this, in ms, however many look on. */
const leastMs = 2000;

/** Dead jobs of one service by target, as Redis told last. Nobody who looks, nobody who asks. */
export class DeadCounts {
  readonly #participant: Participant;
  readonly #service: string;
  #latest: ReadonlyMap<string, number> = new Map();
  #askedAt = -Infinity;

  constructor(participant: Participant, service: string) {
    this.#participant = participant;
    this.#service = service;
  }

  /** The latest counts; asks for newer ones, for the next time. */
  latest(): ReadonlyMap<string, number> {
    const now = this.#participant.clock.now();
    if (now - this.#askedAt >= leastMs) {
      this.#askedAt = now;
      void this.#refresh();
    }
    return this.#latest;
  }

  async #refresh(): Promise<void> {
    const { commands, keys } = this.#participant;
    try {
      const [length, counts] = await Promise.all([
        commands.run("XLEN", keys.dead(this.#service)),
        commands.run("HGETALL", keys.deadByTarget(this.#service)),
      ]);
      // The stream is what counts: it may have been removed by hand.
      this.#latest = length === 0 ? new Map() : countsOf(counts);
    } catch {
      // Redis is away, and others say so.
    }
  }
}
