import { count, latency, rate } from "../figures.ts";
import type { Live, LiveTarget } from "../live/live.ts";
import type { Column } from "../table/column.ts";
import { figure, trouble } from "./cells.ts";

/** The targets, as their callers see them. */
export const routeColumns: readonly Column<LiveTarget>[] = [
  { title: "", width: 14, grows: true, priority: 9, cell: ({ name }) => ({ text: name }), sortBy: ({ name }) => name },
  { title: "strategy", width: 16, priority: 1, cell: ({ strategy }) => ({ text: strategy, tone: "quiet" }) },
  { title: "calls", width: 7, align: "right", priority: 8, cell: ({ calls }) => figure(rate(calls), calls), sortBy: ({ calls }) => calls },
  {
    title: "running",
    width: 7,
    align: "right",
    priority: 5,
    cell: ({ running }) => figure(count(running), running),
    sortBy: ({ running }) => running,
  },
  {
    title: "queued",
    width: 6,
    align: "right",
    priority: 6,
    cell: ({ depth }) => trouble(count(depth), depth, "warning"),
    sortBy: ({ depth }) => depth,
  },
  {
    title: "p50",
    width: 7,
    align: "right",
    priority: 4,
    cell: ({ p50Ms, calls }) => figure(latency(p50Ms), calls),
    sortBy: ({ p50Ms }) => p50Ms,
  },
  {
    title: "p99",
    width: 7,
    align: "right",
    priority: 3,
    cell: ({ p99Ms, calls }) => figure(latency(p99Ms), calls),
    sortBy: ({ p99Ms }) => p99Ms,
  },
  {
    title: "errors",
    width: 7,
    align: "right",
    priority: 7,
    cell: ({ errors }) => trouble(rate(errors), errors, "bad"),
    sortBy: ({ errors }) => errors,
  },
  {
    title: "total",
    width: 6,
    align: "right",
    priority: 0,
    cell: ({ accepted }) => figure(count(accepted), accepted),
    sortBy: ({ accepted }) => accepted,
  },
];

/** Targets whose name has the filter in it. */
export function routeRows({ targets }: Live, filter: string): LiveTarget[] {
  return [...targets.values()].filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
}
