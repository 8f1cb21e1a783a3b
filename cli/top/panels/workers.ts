import { count, latency, rate } from "../figures.ts";
import type { Live, LiveWorker } from "../live/live.ts";
import type { Column } from "../table/column.ts";
import type { Tone } from "../theme.ts";
import { figure, gauge, trouble } from "./cells.ts";
import { pulse } from "./pulse.ts";

/** How each state of a worker looks. */
export const stateTones: Readonly<Record<LiveWorker["state"], Tone>> = { ready: "good", draining: "warning", down: "bad" };

const stateOrder: Readonly<Record<LiveWorker["state"], number>> = { ready: 1, draining: 2, down: 3 };

/** The workers: who they are, whether they live, what they do. */
export function workerColumns(isBeating: boolean): Column<LiveWorker>[] {
  return [
    { title: "", width: 14, grows: true, priority: 12, cell: ({ id }) => ({ text: id }), sortBy: byPulse },
    {
      title: "state",
      width: 8,
      priority: 11,
      cell: ({ state }) => ({ text: state, tone: stateTones[state] }),
      sortBy: ({ state, missedBeats }) => stateOrder[state] * 1000 + missedBeats,
    },
    {
      title: "pulse",
      width: 10,
      grows: true,
      priority: 10,
      cell: (worker, width) => pulse(worker, isBeating, width),
      sortBy: ({ missedBeats }) => missedBeats,
    },
    {
      title: "in flight",
      width: 13,
      grows: true,
      priority: 9,
      cell: ({ inFlight, capacity }, width) => gauge(inFlight / capacity, `${count(inFlight)}/${count(capacity)}`, width),
      sortBy: ({ inFlight, capacity }) => inFlight / capacity,
    },
    {
      title: "calls",
      width: 7,
      align: "right",
      priority: 8,
      cell: ({ calls }) => figure(rate(calls), calls),
      sortBy: ({ calls }) => calls,
    },
    {
      title: "total",
      width: 6,
      align: "right",
      priority: 3,
      cell: ({ completed, failed }) => figure(count(completed + failed), completed + failed),
    },
    {
      title: "failed",
      width: 6,
      align: "right",
      priority: 7,
      cell: ({ failed }) => trouble(count(failed), failed, "bad"),
      sortBy: ({ failed }) => failed,
    },
    { title: "mean", width: 7, align: "right", priority: 4, cell: ({ averageMs, calls }) => figure(latency(averageMs), calls) },
    {
      title: "p99",
      width: 7,
      align: "right",
      priority: 5,
      cell: ({ p99Ms, calls }) => figure(latency(p99Ms), calls),
      sortBy: ({ p99Ms }) => p99Ms,
    },
    {
      title: "version",
      width: 8,
      priority: 6,
      cell: ({ version }) => ({ text: version === "" ? "–" : version, tone: "quiet" }),
      sortBy: ({ version }) => version,
    },
    { title: "from", width: 16, grows: true, priority: 2, cell: (worker) => ({ text: whereFrom(worker), tone: "quiet" }) },
  ];
}

/** By name, those with a heartbeat first: servers behind the gate stand in their pools as well. */
function byPulse({ id, beats }: LiveWorker): string {
  return `${beats < 0 ? 1 : 0} ${id}`;
}

/** Transport and address, without saying the transport twice. */
export function whereFrom({ transport, address }: Pick<LiveWorker, "transport" | "address">): string {
  return address.startsWith(`${transport}:`) ? address : `${transport} ${address}`;
}

/** Workers whose id, address or version has the filter in it. */
export function workerRows({ workers }: Live, filter: string): LiveWorker[] {
  const wanted = filter.toLowerCase();
  return [...workers.values()].filter((one) => `${one.id} ${one.address} ${one.version}`.toLowerCase().includes(wanted));
}
