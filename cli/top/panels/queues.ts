import type { KeptJobs } from "unigate/transport";
import { count, time } from "../figures.ts";
import type { Live, LiveTarget } from "../live/live.ts";
import type { Column, Piece } from "../table/column.ts";
import { figure, gauge, trouble } from "./cells.ts";

/** Somebody who waits: callers of a target, or the jobs that are kept for callers who do not. */
export type QueueRow = Pick<LiveTarget, "name" | "depth" | "bound" | "oldestMs" | "refused" | "expired" | "dead"> & {
  /** Undefined for callers of a target. */
  kept?: KeptJobs;
};

/** Who waits, and who had to be turned away; with dead letters, where jobs are kept or put aside. */
export function queueColumns({ targets, kept }: Live): readonly Column<QueueRow>[] {
  const hasDead = hasKept(kept) || [...targets.values()].some((target) => target.dead > 0);
  return hasDead ? [...columns, deadLetters] : columns;
}

const columns: readonly Column<QueueRow>[] = [
  {
    title: "",
    width: 14,
    grows: true,
    priority: 9,
    cell: ({ name, kept }) => (kept?.isOld === true ? { text: `${name}: no store`, tone: "bad" } : { text: name }),
    sortBy: ({ name }) => name,
  },
  {
    title: "waiting / bound",
    width: 16,
    grows: true,
    priority: 7,
    cell: ({ depth, bound }, width) => gauge(bound === 0 ? 0 : depth / bound, `${count(depth)}/${count(bound)}`, width),
    sortBy: ({ depth }) => depth,
  },
  {
    title: "oldest",
    width: 7,
    align: "right",
    priority: 8,
    cell: ({ oldestMs }) => figure(oldestMs === 0 ? "–" : time(oldestMs), oldestMs),
    sortBy: ({ oldestMs }) => oldestMs,
  },
  {
    title: "refused",
    width: 7,
    align: "right",
    priority: 6,
    cell: ({ refused, kept }) => ofCallers(kept, refused),
    sortBy: ({ refused }) => refused,
  },
  {
    title: "expired",
    width: 7,
    align: "right",
    priority: 5,
    cell: ({ expired, kept }) => ofCallers(kept, expired),
    sortBy: ({ expired }) => expired,
  },
];

const deadLetters: Column<QueueRow> = {
  title: "dead",
  width: 5,
  align: "right",
  priority: 10,
  cell: ({ dead }) => trouble(count(dead), dead, "bad"),
  sortBy: ({ dead }) => dead,
};

/** Kept jobs are counted otherwise: they end as dead. */
function ofCallers(kept: KeptJobs | undefined, value: number): Piece {
  return kept === undefined ? trouble(count(value), value, "bad") : { text: "" };
}

/** The jobs that the gate keeps, and targets with a queue, with jobs that did not get through one, or with dead letters. */
export function queueRows({ targets, kept }: Live, filter: string): QueueRow[] {
  const waiting: QueueRow[] = [...targets.values()].filter(({ depth, refused, expired, dead }) => depth + refused + expired + dead > 0);
  const rows = hasKept(kept) ? [keptRow(kept), ...waiting] : waiting;
  return rows.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
}

function keptRow(kept: KeptJobs): QueueRow {
  const { waiting: depth, bound, dead } = kept;
  return { name: "kept jobs", depth, bound, oldestMs: 0, refused: 0, expired: 0, dead, kept };
}

function hasKept(kept: KeptJobs | undefined): kept is KeptJobs {
  return kept !== undefined && kept.waiting + kept.running + kept.dead > 0;
}
