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

/** Counts by bucket, and between which two of them there are any. */
class Histogram {
  readonly counts: Uint32Array = new Uint32Array(buckets);
  total = 0;
  lowest: number = buckets;
  highest = -1;

  add(bucket: number): void {
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.total++;
    if (bucket < this.lowest) this.lowest = bucket;
    if (bucket > this.highest) this.highest = bucket;
  }

  clear(): void {
    this.counts.fill(0, this.lowest, this.highest + 1);
    this.total = 0;
    this.lowest = buckets;
    this.highest = -1;
  }
}

const empty = new Histogram();

/**
 * Durations of the jobs that ended lately, in constant memory: those of the last 10 to 20 seconds, or of the last such stretch in which any ended.
 *
 * A log-linear histogram (G. Tene, "HdrHistogram", with 3 significant bits), once for the current window and once for the one before.
 * Recording costs two additions; it reads no clock and allocates only when a window begins for the first time.
 */
export class LatencyWindow {
  #current: Histogram | undefined;
  #before: Histogram | undefined;
  #endsAt = -Infinity;
  /** Undefined after a change. */
  #summary: LatencySummary | undefined = nothingYet;

  /** Counts a duration; `now` is on any one clock, in ms. */
  record(durationMs: number, now: number): void {
    if (now >= this.#endsAt) this.#turn(now);
    (this.#current as Histogram).add(bucketOf(durationMs));
    this.#summary = undefined;
  }

  summary(): LatencySummary {
    this.#summary ??= summarize(this.#current ?? empty, this.#before ?? empty);
    return this.#summary;
  }

  #turn(now: number): void {
    const fresh = this.#before ?? new Histogram();
    fresh.clear();
    this.#before = this.#current;
    this.#current = fresh;
    // After a pause the window before is not of the last seconds any more.
    if (now >= this.#endsAt + windowMs) this.#before?.clear();
    this.#endsAt = now + windowMs;
  }
}

/** The figures of two histograms together, in one walk over the buckets that they use. */
function summarize(one: Histogram, other: Histogram): LatencySummary {
  const total = one.total + other.total;
  const highest = Math.max(one.highest, other.highest);
  let p50Ms = 0;
  let seen = 0;
  for (let at = Math.min(one.lowest, other.lowest); at <= highest; at++) {
    seen += (one.counts[at] as number) + (other.counts[at] as number);
    if (p50Ms === 0 && seen >= total * 0.5) p50Ms = middles[at] as number;
    if (seen >= total * 0.99) return { p50Ms, p99Ms: middles[at] as number };
  }
  return nothingYet;
}

function bucketOf(durationMs: number): number {
  const us = durationMs <= 0 ? 0 : Math.min(longestUs, Math.floor(durationMs * 1000)) >>> 0;
  if (us < perDoubling) return us;
  const doubling = 31 - Math.clz32(us);
  return (doubling - 2) * perDoubling + ((us >>> (doubling - 3)) - perDoubling);
}

/** The middle of each bucket, in ms. */
const middles = Float64Array.from({ length: buckets }, (_, bucket) => {
  if (bucket < perDoubling) return (bucket + 0.5) / 1000;
  const doubling = Math.floor(bucket / perDoubling) + 2;
  const width = 2 ** (doubling - 3);
  return ((perDoubling + (bucket % perDoubling)) * width + width / 2) / 1000;
});
