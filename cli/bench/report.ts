import { bar, rate, time } from "../top/figures.ts";
import type { LoadEnd } from "./load.ts";
import { type Latency, percentiles, type Tally } from "./tally.ts";

/** What a bench found: the shape of `gate bench --json`. Times are in ms. */
export interface BenchResult {
  target: string;
  gate: string;
  concurrency: number;
  elapsedMs: number;
  calls: number;
  callsPerSecond: number;
  succeeded: number;
  failed: number;
  /** Calls under way at the end, which were cancelled. */
  unfinished: number;
  errors: Record<string, number>;
  /** Values of streams, and how many came per second; absent when the target does not stream. */
  values?: number;
  valuesPerSecond?: number;
  latency: Latency;
}

/** Puts the figures of a bench together. */
export function resultOf(
  what: Pick<BenchResult, "target" | "gate" | "concurrency">,
  tally: Tally,
  { elapsedMs, unfinished }: LoadEnd,
): BenchResult {
  const perSecond = (count: number): number => Math.round((count / elapsedMs) * 1000);
  return {
    ...what,
    elapsedMs: Math.round(elapsedMs),
    calls: tally.calls,
    callsPerSecond: perSecond(tally.calls),
    succeeded: tally.calls - tally.failed,
    failed: tally.failed,
    unfinished,
    errors: Object.fromEntries(tally.errors),
    ...(tally.values === 0 ? {} : { values: tally.values, valuesPerSecond: perSecond(tally.values) }),
    latency: tally.latency(),
  };
}

/** A result as people read it. */
export function reportOf(result: BenchResult, messages: ReadonlyMap<string, string>): string {
  const { target, gate, concurrency, elapsedMs, calls, callsPerSecond, failed, unfinished, errors, values, valuesPerSecond, latency } =
    result;
  const number = (value: number): string => value.toLocaleString("en");
  const share = (count: number): string => `${((100 * count) / calls).toFixed(1)} %`;
  return [
    `${target} at ${gate}: ${number(concurrency)} in flight for ${time(elapsedMs)}`,
    "",
    `  calls    ${number(calls)}, ${number(callsPerSecond)}/s${calls < unfinished ? `; ${number(unfinished)} more had not ended in time` : ""}`,
    ...(values === undefined ? [] : [`  values   ${number(values)}, ${number(valuesPerSecond ?? 0)}/s`]),
    `  failed   ${failed === 0 ? "none" : `${number(failed)} (${share(failed)})`}`,
    ...Object.entries(errors).map(([code, count]) => `    ${code}  ${number(count)}  ${messages.get(code) ?? ""}`),
    ...(calls === failed ? [] : ["", ...latencyLines(latency)]),
    "",
  ].join("\n");
}

/** What is told while it runs. */
export function progressOf(tally: Tally, elapsedMs: number, durationMs: number): string {
  const failed = tally.failed === 0 ? "" : `, ${tally.failed} failed`;
  return `${(elapsedMs / 1000).toFixed(1)} of ${time(durationMs)}: ${rate((tally.calls / elapsedMs) * 1000)}, p99 ${time(tally.latency().percentiles["99"])}${failed}`;
}

function latencyLines({ percentiles: values, mean, max, buckets }: Latency): string[] {
  const named: [string, number][] = [...percentiles.map((p): [string, number] => [`p${p}`, values[p]]), ["max", max], ["mean", mean]];
  const all = buckets.reduce((sum, { calls }) => sum + calls, 0);
  const most = Math.max(...buckets.map(({ calls }) => calls));
  return [
    `  latency  ${named.map(([name]) => name.padStart(8)).join("")}`,
    `           ${named.map(([, ms]) => time(ms).padStart(8)).join("")}`,
    "",
    ...buckets.map(({ below, calls }) => {
      const [full, empty] = bar(calls / most, 40);
      return `  < ${time(below).padStart(7)}  ${full}${" ".repeat(empty.length)}  ${((100 * calls) / all).toFixed(1).padStart(5)} %`;
    }),
  ];
}
