import type { AsyncJobStatus, KeptJobs } from "unigate/transport";
import { count, time } from "../figures.ts";
import { gauge } from "../panels/cells.ts";
import { shownLive } from "../shown-live.ts";
import type { Page, State } from "../state.ts";
import type { Piece } from "../table/column.ts";
import { printable } from "../text-width.ts";
import { fact, heading } from "./facts.ts";

/** The jobs that the gate keeps, and how the latest of them failed for good. */
export function keptJobsLines(page: Extract<Page, { name: "kept jobs" }>, state: State): Piece[][] {
  const { kept, seenAt } = shownLive(state);
  return [
    heading("kept jobs", "for callers who do not wait"),
    ...(kept === undefined ? [] : countLines(kept)),
    [],
    ...deadLines(page, kept?.dead ?? 0, seenAt),
  ];
}

function countLines({ waiting, running, completed, dead, cancelled, bound, isOld }: KeptJobs): Piece[][] {
  return [
    ...(isOld ? [fact("store", { text: "does not answer: these figures are old", tone: "bad" })] : []),
    fact("waiting", ...gauge(bound === 0 ? 0 : waiting / bound, `${count(waiting)}/${count(bound)}`, 30)),
    fact("running", { text: count(running) }),
    fact("ended", { text: `${count(completed)} completed, ${count(cancelled)} cancelled` }),
    fact("dead", { text: count(dead), tone: dead > 0 ? "bad" : "quiet" }),
  ];
}

function deadLines({ dead, error }: Extract<Page, { name: "kept jobs" }>, total: number, now: number): Piece[][] {
  if (error !== undefined) return [[{ text: `  ${printable(error)}`, tone: "bad" }]];
  if (dead === undefined) return [];
  if (dead.length === 0) return [heading("dead letters", "none")];
  return [
    [
      ...heading("dead letters", total > dead.length ? `the latest ${dead.length}` : String(dead.length)),
      { text: "  gate jobs retry ID tries one again", tone: "quiet" },
    ],
    ...dead.flatMap((job) => deadLetter(job, now)),
  ];
}

function deadLetter({ id, target, attempts, maxAttempts, endedAt, error }: AsyncJobStatus, now: number): Piece[][] {
  const agoMs = Math.max(0, now - Date.parse(endedAt ?? ""));
  return [
    [
      { text: `  ${time(agoMs).padStart(7)} ago  `, tone: "quiet" },
      { text: error?.code ?? "unknown", tone: "bad" },
      { text: `  ${printable(target)}  ${printable(error?.message ?? "")}` },
    ],
    [{ text: `               ${id}  attempts: ${attempts} of ${maxAttempts}`, tone: "quiet" }],
  ];
}
