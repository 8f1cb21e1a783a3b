import { count, latency, rate, time } from "../figures.ts";
import type { LiveTarget } from "../live/live.ts";
import { gauge } from "../panels/cells.ts";
import { shownLive } from "../shown-live.ts";
import type { Page, State } from "../state.ts";
import type { Piece } from "../table/column.ts";
import { fit, printable } from "../text-width.ts";
import { fact, heading } from "./facts.ts";

/** One target: its traffic, which route it gets and why, and who may take its next job. */
export function routeLines(page: Extract<Page, { name: "route" }>, state: State): Piece[][] {
  const target = shownLive(state).targets.get(page.target);
  return [heading("route of", page.target), ...(target === undefined ? [] : trafficLines(target)), ...explanationLines(page)];
}

function trafficLines(target: LiveTarget): Piece[][] {
  const { calls, errors, accepted, failed, expired, cancelled, refused, p50Ms, p99Ms, depth, bound, oldestMs, running } = target;
  const ended = `${count(failed)} failed, ${count(expired)} expired, ${count(cancelled)} cancelled, ${count(refused)} refused`;
  return [
    fact("calls", { text: `${rate(calls)} now, ${count(accepted)} in all, ${count(running)} running` }),
    fact("errors", { text: rate(errors), tone: errors > 0 ? "bad" : "plain" }, { text: `   ${ended}`, tone: "quiet" }),
    fact("took", { text: `${latency(p50Ms)} p50, ${latency(p99Ms)} p99` }),
    fact("queue", ...gauge(bound === 0 ? 0 : depth / bound, `${count(depth)}/${count(bound)}`, 30), {
      text: oldestMs > 0 ? `   the oldest waits for ${time(oldestMs)}` : "",
      tone: "quiet",
    }),
  ];
}

function explanationLines({ explanation, error }: Extract<Page, { name: "route" }>): Piece[][] {
  if (error !== undefined) return [[], [{ text: `  ${printable(error)}`, tone: "bad" }]];
  if (explanation === undefined) return [];
  const { patterns, route, strategy, candidates } = explanation;
  const first = patterns.findIndex(({ isConfigured }) => isConfigured);
  return [
    fact("strategy", { text: strategy }),
    [],
    heading("why", first < 0 ? "the built-in route" : `route ${route}`),
    ...patterns.map(({ pattern, isConfigured }, at): Piece[] => [
      { text: `  ${fit(pattern, 24)}  `, tone: at === first ? "strong" : "plain" },
      { text: isConfigured ? (at === first ? "matches, most specific" : "matches, but less specific") : "not configured", tone: "quiet" },
    ]),
    [],
    heading("workers", String(candidates.length)),
    ...candidates.map(({ id, isCandidate, reason }): Piece[] => [
      { text: isCandidate ? "  ● " : "  ○ ", tone: isCandidate ? "good" : "quiet" },
      { text: fit(id, 22) },
      { text: `  ${isCandidate ? "candidate" : "out"}: ${printable(reason)}`, tone: "quiet" },
    ]),
  ];
}
