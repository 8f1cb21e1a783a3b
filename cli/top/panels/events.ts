import { timeOfDay } from "../figures.ts";
import type { Live, LiveEvent } from "../live/live.ts";
import type { Column } from "../table/column.ts";
import type { Tone } from "../theme.ts";

const tones: Readonly<Record<LiveEvent["kind"], Tone>> = {
  started: "plain",
  reloaded: "plain",
  joined: "good",
  ready: "good",
  attached: "good",
  draining: "warning",
  left: "quiet",
  down: "bad",
  lost: "bad",
};

/** What happened, the latest first. */
export const eventColumns: readonly Column<LiveEvent>[] = [
  { title: "", width: 8, priority: 1, cell: ({ at }) => ({ text: timeOfDay(at), tone: "quiet" }) },
  { title: "", width: 40, grows: true, priority: 9, cell: ({ text, kind }) => ({ text, tone: tones[kind] }) },
];

/** Events whose text has the filter in it, the latest first. */
export function eventRows({ events }: Live, filter: string): LiveEvent[] {
  return events.filter(({ text }) => text.toLowerCase().includes(filter.toLowerCase())).toReversed();
}
