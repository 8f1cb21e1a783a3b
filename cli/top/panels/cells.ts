import { bar } from "../figures.ts";
import type { Piece } from "../table/column.ts";
import type { Tone } from "../theme.ts";

/** A figure that is quiet while nothing happens. */
export function figure(text: string, value: number): Piece {
  return { text, tone: value > 0 ? "plain" : "quiet" };
}

/** A figure that should be zero, and says so when it is not. */
export function trouble(text: string, value: number, tone: Tone): Piece {
  return { text, tone: value > 0 ? tone : "quiet" };
}

/** A bar for how much of something is used, and the figures behind it; without the bar where it has no room. */
export function gauge(share: number, label: string, width: number): Piece[] {
  const room = width - Math.max(label.length, usualLabel) - 1;
  const tone: Tone = share >= 0.9 ? "bad" : share >= 0.6 ? "warning" : "good";
  if (room < 4) return [{ text: label.slice(0, width), tone: share > 0 ? tone : "quiet" }];
  const [full, empty] = bar(share, Math.min(room, longestBar));
  return [
    { text: full, tone },
    { text: empty, tone: "quiet" },
    { text: ` ${label}`, tone: share > 0 ? "plain" : "quiet" },
  ];
}

const longestBar = 16;
/** Bars of one column end in line as long as their labels are no longer. */
const usualLabel = 7;
