/** How long a window counts before the next one begins, in ms. */
const windowMs = 10_000;
/** Each doubling of the duration is cut into this many buckets: a figure is off by 1/16 at most. */
const perDoubling = 8;
/** From 1 µs to 71 minutes, which is as much as 32 bits of microseconds hold. */
const buckets = 30 * perDoubling;
const longestUs = 2 ** 32 - 1;

/** What a `LatencyWindow` knows, in ms; zeros before the first duration. */
export interface LatencySummary {
  p50Ms: number;
  p99Ms: number;
}

const nothingYet: LatencySummary = { p50Ms: 0, p99Ms: 0 };

/**
 * Durations of the jobs that ended lately, in constant memory: those of the last 10 to 20 seconds, or of the last such stretch in which any ended.
 *
 * A log-linear histogram (G. Tene, "HdrHistogram", with 3 significant bits), once for the current window and once for the one before.
 * Recording costs an addition; it reads no clock and allocates only when a window begins for the first time.
 */
export class LatencyWindow {
  #current: Uint32Array | undefined;
  #before: Uint32Array | undefined;
  #endsAt = -Infinity;
  /** Undefined after a change. */
  #summary: LatencySummary | undefined = nothingYet;

  /** Counts a duration; `now` is on any one clock, in ms. */
  record(durationMs: number, now: number): void {
    if (now >= this.#endsAt) this.#turn(now);
    const bucket = bucketOf(durationMs);
    const counts = this.#current as Uint32Array;
    counts[bucket] = (counts[bucket] as number) + 1;
    this.#summary = undefined;
  }

  summary(): LatencySummary {
    this.#summary ??= summarize([this]);
    return this.#summary;
  }

  /** Adds its counts to `counts`, for a summary over several windows; returns `counts`. */
  addTo(counts: Uint32Array): Uint32Array {
    for (const window of [this.#current, this.#before]) {
      if (window === undefined) continue;
      for (let at = 0; at < buckets; at++) counts[at] = (counts[at] as number) + (window[at] as number);
    }
    return counts;
  }

  #turn(now: number): void {
    const fresh = this.#before ?? new Uint32Array(buckets);
    fresh.fill(0);
    this.#before = this.#current;
    this.#current = fresh;
    // After a pause the window before is not of the last seconds any more.
    if (now >= this.#endsAt + windowMs) this.#before?.fill(0);
    this.#endsAt = now + windowMs;
  }
}

/** The figures of several windows together. */
export function summarize(windows: Iterable<LatencyWindow>): LatencySummary {
  const counts = new Uint32Array(buckets);
  for (const window of windows) window.addTo(counts);
  return summaryOf(counts);
}

function summaryOf(counts: Uint32Array): LatencySummary {
  let total = 0;
  for (let at = 0; at < buckets; at++) total += counts[at] as number;
  return total === 0 ? nothingYet : { p50Ms: quantile(counts, total * 0.5), p99Ms: quantile(counts, total * 0.99) };
}

function quantile(counts: Uint32Array, rank: number): number {
  let seen = 0;
  let at = 0;
  while (at < buckets - 1) {
    seen += counts[at] as number;
    if (seen >= rank) break;
    at++;
  }
  return middleOf(at);
}

function bucketOf(durationMs: number): number {
  const us = durationMs <= 0 ? 0 : Math.min(longestUs, Math.floor(durationMs * 1000)) >>> 0;
  if (us < perDoubling) return us;
  const doubling = 31 - Math.clz32(us);
  return (doubling - 2) * perDoubling + ((us >>> (doubling - 3)) - perDoubling);
}

/** The middle of a bucket, in ms. */
function middleOf(bucket: number): number {
  if (bucket < perDoubling) return (bucket + 0.5) / 1000;
  const doubling = Math.floor(bucket / perDoubling) + 2;
  const width = 2 ** (doubling - 3);
  return ((perDoubling + (bucket % perDoubling)) * width + width / 2) / 1000;
}
