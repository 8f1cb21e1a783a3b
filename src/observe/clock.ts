/** A running timer; `clear` is harmless when it has fired already. */
export interface Timer {
  clear(): void;
}

/**
 * The one source of time. Everything that waits or measures takes a `Clock`, so that a test can move time by hand.
 *
 * `now` is monotonic milliseconds with an arbitrary origin: good for differences, never for dates.
 */
export interface Clock {
  now(): number;
  /** Milliseconds since 1970, as this machine believes: for people and for what others have signed, never for differences. */
  date(): number;
  /** Calls `fire` once after `delayMs`. The timer does not keep the process alive. */
  after(delayMs: number, fire: () => void): Timer;
  /** Calls `fire` every `periodMs` until cleared. The timer does not keep the process alive. */
  every(periodMs: number, fire: () => void): Timer;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    timer.unref?.();
    return { clear: () => clearTimeout(timer) };
  },
  every(periodMs, fire) {
    const timer = setInterval(fire, periodMs);
    timer.unref?.();
    return { clear: () => clearInterval(timer) };
  },
};

/** Resolves when `work` has settled or `patienceMs` have passed, whichever comes first. */
export async function withPatience(work: Promise<unknown>, patienceMs: number, clock: Clock): Promise<void> {
  const { promise: patience, resolve: giveUp } = Promise.withResolvers<void>();
  const timer = clock.after(patienceMs, giveUp);
  await Promise.race([work.catch(() => {}), patience]);
  timer.clear();
}
