/** The one source of chance: a number in [0, 1). */
export type Random = () => number;

/** The machine's own randomness; not for secrets. */
export const systemRandom: Random = Math.random;

/**
 * A repeatable source for tests and for strategies that name their seed.
 *
 * Mulberry32 by Tommy Ettinger: 32 bits of state, period 2^32; not for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
