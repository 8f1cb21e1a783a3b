import { createHistogram } from "node:perf_hooks";

/** What came of the calls of a bench; latencies are kept with three significant figures, in constant memory. */
export interface Tally {
  /** Calls that ended, with a result or an error. */
  readonly calls: number;
  readonly failed: number;
  /** Values of streams. */
  readonly values: number;
  /** Calls that failed, by code. */
  readonly errors: ReadonlyMap<string, number>;
  /** The message of the first call that failed with a code. */
  readonly messages: ReadonlyMap<string, string>;
  done(latencyMs: number, values: number): void;
  failedWith(code: string, message: string): void;
  /** Of the calls that succeeded, in ms. */
  latency(): Latency;
}

/** Latencies of calls, in ms; all 0 before the first. */
export interface Latency {
  mean: number;
  percentiles: Record<(typeof percentiles)[number], number>;
  max: number;
  /** How many calls took less than `below`, and at least what the row before says; each row doubles. */
  buckets: { below: number; calls: number }[];
}

/** The percentiles that are told, as keys of `Latency.percentiles`. */
export const percentiles = ["50", "75", "90", "95", "99", "99.9"] as const;

/** An empty tally. */
export function createTally(): Tally {
  // In ns; anything above an hour counts as an hour.
  const histogram = createHistogram({ lowest: 1, highest: 3_600_000_000_000, figures: 3 });
  const doubling: number[] = [];
  const errors = new Map<string, number>();
  const messages = new Map<string, string>();
  let calls = 0;
  let failed = 0;
  let values = 0;
  return {
    get calls() {
      return calls;
    },
    get failed() {
      return failed;
    },
    get values() {
      return values;
    },
    errors,
    messages,
    done(latencyMs, count) {
      calls++;
      values += count;
      histogram.record(Math.min(3_600_000_000_000, Math.max(1, Math.round(latencyMs * 1e6))));
      const bucket = Math.max(0, Math.floor(Math.log2(latencyMs * 1000)) + 1);
      doubling[bucket] = (doubling[bucket] ?? 0) + 1;
    },
    failedWith(code, message) {
      calls++;
      failed++;
      errors.set(code, (errors.get(code) ?? 0) + 1);
      if (!messages.has(code)) messages.set(code, message);
    },
    latency() {
      const toMs = (ns: number): number => (histogram.count === 0 ? 0 : Number((ns / 1e6).toPrecision(4)));
      const first = doubling.findIndex((count) => count !== undefined);
      return {
        mean: toMs(histogram.mean),
        percentiles: Object.fromEntries(percentiles.map((p) => [p, toMs(histogram.percentile(Number(p)))])) as Latency["percentiles"],
        max: toMs(histogram.max),
        buckets: [...doubling].map((count, at) => ({ below: 2 ** at / 1000, calls: count ?? 0 })).slice(Math.max(0, first)),
      };
    },
  };
}
