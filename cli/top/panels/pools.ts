import type { PoolRow } from "unigate/transport";
import { count } from "../figures.ts";
import type { Live } from "../live/live.ts";
import type { Column } from "../table/column.ts";
import { figure, gauge, trouble } from "./cells.ts";

/** Pools of servers behind the gate's doors. */
export const poolColumns: readonly Column<PoolRow>[] = [
  { title: "", width: 14, grows: true, priority: 9, cell: ({ name }) => ({ text: name }), sortBy: ({ name }) => name },
  {
    title: "servers",
    width: 9,
    align: "right",
    priority: 8,
    cell: ({ ready, servers }) => ({
      text: `${count(ready)}/${count(servers)} up`,
      tone: ready === 0 ? "bad" : ready < servers ? "warning" : "good",
    }),
    sortBy: ({ ready, servers }) => servers - ready,
  },
  {
    title: "in flight",
    width: 13,
    grows: true,
    priority: 7,
    cell: ({ calls, capacity }, width) => gauge(capacity === 0 ? 0 : calls / capacity, `${count(calls)}/${count(capacity)}`, width),
    sortBy: ({ calls, capacity }) => (capacity === 0 ? 0 : calls / capacity),
  },
  {
    title: "waiting",
    width: 7,
    align: "right",
    priority: 6,
    cell: ({ waiting }) => trouble(count(waiting), waiting, "warning"),
    sortBy: ({ waiting }) => waiting,
  },
  {
    title: "connections",
    width: 11,
    align: "right",
    priority: 5,
    cell: ({ connections }) => figure(count(connections), connections),
    sortBy: ({ connections }) => connections,
  },
  { title: "door", width: 6, priority: 1, cell: ({ transport }) => ({ text: transport, tone: "quiet" }) },
];

/** Pools whose name has the filter in it. */
export function poolRows({ pools }: Live, filter: string): PoolRow[] {
  return [...pools.values()].filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
}
