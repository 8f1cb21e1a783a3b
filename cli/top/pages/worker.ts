import type { WorkerDetail } from "unigate/transport";
import { count, latency, rate, time } from "../figures.ts";
import type { LiveWorker } from "../live/live.ts";
import { gauge } from "../panels/cells.ts";
import { pulse } from "../panels/pulse.ts";
import { stateTones, whereFrom } from "../panels/workers.ts";
import { shownLive } from "../shown-live.ts";
import type { Page, State } from "../state.ts";
import type { Piece } from "../table/column.ts";
import { printable, widthOf } from "../text-width.ts";
import { fact, heading } from "./facts.ts";

/** Columns for a heartbeat. */
const pulseWidth = 30;
/** Lines of a worker's methods; the others are counted. */
const methodLines = 4;

/** One worker: how it lives, what it serves, how its latest jobs failed. */
export function workerLines(page: Extract<Page, { name: "worker" }>, state: State, width: number): Piece[][] {
  const live = shownLive(state);
  const worker = live.workers.get(page.id);
  return [
    heading("worker", page.id),
    ...(worker === undefined ? [gone] : livingLines(worker, live.uptimeMs, state.isBeating)),
    ...detailLines(page, width),
  ];
}

const gone: Piece[] = [{ text: "  it has left", tone: "warning" }];

function livingLines(worker: LiveWorker, uptimeMs: number, isBeating: boolean): Piece[][] {
  const { state, version, inFlight, capacity, calls, completed, failed, averageMs, p99Ms, joinedAtMs } = worker;
  return [
    fact("state", { text: state, tone: stateTones[state] }, { text: `  for ${time(uptimeMs - joinedAtMs)}`, tone: "quiet" }),
    fact("pulse", ...pulse(worker, isBeating, pulseWidth)),
    fact("from", { text: printable(whereFrom(worker)) }),
    fact("version", { text: version === "" ? "–" : printable(version) }),
    fact("in flight", ...gauge(inFlight / capacity, `${count(inFlight)}/${count(capacity)}`, 30)),
    fact(
      "jobs",
      { text: `${rate(calls)} now, ${count(completed + failed)} in all` },
      { text: `, ${count(failed)} failed`, tone: failed > 0 ? "bad" : "quiet" },
    ),
    fact("took", { text: `${latency(averageMs)} mean, ${latency(p99Ms)} p99` }),
  ];
}

function detailLines({ detail, error }: Extract<Page, { name: "worker" }>, width: number): Piece[][] {
  if (error !== undefined) return [[], [{ text: `  ${printable(error)}`, tone: "bad" }]];
  if (detail === undefined) return [];
  const { methods, failures } = detail;
  return [
    [],
    heading("methods", String(methods.length)),
    ...inLines(methods.map(printable), width - 2),
    [],
    heading("recent errors", String(failures.length)),
    ...(failures.length === 0 ? [[{ text: "  none", tone: "quiet" } satisfies Piece]] : failures.map(failureLine)),
  ];
}

function failureLine({ agoMs, target, code, message }: WorkerDetail["failures"][number]): Piece[] {
  return [
    { text: `  ${time(agoMs).padStart(7)} ago  `, tone: "quiet" },
    { text: code, tone: "bad" },
    { text: `  ${printable(target)}  ${printable(message)}` },
  ];
}

/** Names side by side, in a few lines. */
function inLines(names: readonly string[], width: number): Piece[][] {
  const lines: string[] = [];
  for (const [at, name] of names.entries()) {
    const line = lines.at(-1);
    if (line !== undefined && widthOf(line) + 2 + widthOf(name) <= width) lines[lines.length - 1] = `${line}  ${name}`;
    else if (lines.length < methodLines) lines.push(name);
    else return [...lines.map(indented), [{ text: `  and ${names.length - at} more`, tone: "quiet" }]];
  }
  return lines.map(indented);
}

function indented(text: string): Piece[] {
  return [{ text: `  ${text}` }];
}
