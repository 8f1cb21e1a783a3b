import { count, time } from "../figures.ts";
import type { Live, LiveTarget } from "../live/live.ts";
import type { Column } from "../table/column.ts";
import { figure, gauge, trouble } from "./cells.ts";

/** The targets for which somebody waits, or had to be turned away. */
export const queueColumns: readonly Column<LiveTarget>[] = [
  { title: "", width: 14, grows: true, priority: 9, cell: ({ name }) => ({ text: name }), sortBy: ({ name }) => name },
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
    cell: ({ refused }) => trouble(count(refused), refused, "bad"),
    sortBy: ({ refused }) => refused,
  },
  {
    title: "expired",
    width: 7,
    align: "right",
    priority: 5,
    cell: ({ expired }) => trouble(count(expired), expired, "bad"),
    sortBy: ({ expired }) => expired,
  },
];

/** Targets with a queue, or with jobs that did not get through one. */
export function queueRows({ targets }: Live, filter: string): LiveTarget[] {
  return [...targets.values()]
    .filter(({ depth, refused, expired }) => depth + refused + expired > 0)
    .filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
}
