import { Box } from "ink";
import type { ReactNode } from "react";
import { bytes, count, latency, rate, sparkline, time } from "../figures.ts";
import type { Live } from "../live/live.ts";
import { shownLive } from "../shown-live.ts";
import type { State } from "../state.ts";
import type { Piece } from "../table/column.ts";
import { Line } from "../table/table.tsx";
import { printable, widthOf } from "../text-width.ts";
import type { Theme } from "../theme.ts";

/** The gate at a glance: who it is and how it does, the traffic with a minute of history, and, given the lines, its addresses. */
export function Header({ state, width, lines, theme }: { state: State; width: number; lines: number; theme: Theme }): ReactNode {
  const live = shownLive(state);
  return (
    <Box flexDirection="column" height={lines} overflow="hidden">
      <Line pieces={spread(identity(state, live), condition(state, live), width)} theme={theme} />
      <Line pieces={traffic(live, width)} theme={theme} />
      {lines > 2 ? <Line pieces={spread(addresses(live), machine(live), width)} theme={theme} /> : null}
    </Box>
  );
}

function identity({ url }: State, { gate }: Live): Piece[] {
  if (gate === undefined)
    return [
      { text: "gate", tone: "accent" },
      { text: `  ${url}`, tone: "quiet" },
    ];
  return [
    { text: printable(gate.name), tone: "accent" },
    { text: `  gate ${gate.version} at ${url}`, tone: "quiet" },
  ];
}

function condition({ link, paused }: State, { gate, uptimeMs }: Live): Piece[] {
  const pause: Piece[] = paused === undefined ? [] : [{ text: "⏸ paused  ", tone: "warning" }];
  if (link.state === "lost") return [...pause, { text: "○ reconnecting", tone: "bad" }];
  if (gate === undefined) return [{ text: "○ connecting", tone: "quiet" }];
  const isReady = gate.state === "ready";
  return [...pause, { text: `● ${gate.state}`, tone: isReady ? "good" : "warning" }, { text: `  up ${time(uptimeMs)}`, tone: "quiet" }];
}

function traffic({ totals, history, updates }: Live, width: number): Piece[] {
  const isKnown = updates > 1;
  const groups: Piece[][] = [
    [
      { text: isKnown ? rate(totals.calls) : "–", tone: "strong" },
      { text: " calls", tone: "quiet" },
    ],
    [
      { text: isKnown ? rate(totals.errors) : "–", tone: totals.errors > 0 ? "bad" : "plain" },
      { text: " errors", tone: "quiet" },
    ],
    [{ text: "p50 ", tone: "quiet" }, { text: latency(totals.p50Ms) }],
    [{ text: "p99 ", tone: "quiet" }, { text: latency(totals.p99Ms) }],
    [{ text: count(totals.open) }, { text: " open", tone: "quiet" }],
  ];
  const figures = fitGroups(groups, width);
  const room = width - lengthOf(figures);
  // The sparkline stands where it does not move: at the right end of the line.
  return room < 10 ? figures : spread(figures, [{ text: sparkline(history, Math.min(room - 1, longestSparkline)), tone: "accent" }], width);
}

const longestSparkline = 60;

function addresses({ gate }: Live): Piece[] {
  const listed = (gate?.transports ?? []).flatMap(({ name, addresses }) =>
    addresses.map(({ url }): Piece[] => [{ text: `${name} `, tone: "quiet" }, { text: `${url}   ` }]),
  );
  return listed.flat();
}

function machine({ totals, last }: Live): Piece[] {
  if (last === undefined) return [];
  return [{ text: `cpu ${Math.round(totals.cpu * 100)}%   ${bytes(totals.residentBytes)}`, tone: "quiet" }];
}

/** As many of the groups as fit side by side. */
function fitGroups(groups: readonly Piece[][], width: number): Piece[] {
  const pieces: Piece[] = [];
  let used = 0;
  for (const group of groups) {
    used += lengthOf(group) + between.length;
    if (used - between.length > width) break;
    pieces.push(...group, { text: between });
  }
  return pieces;
}

const between = "   ";

function lengthOf(pieces: readonly Piece[]): number {
  return widthOf(pieces.map(({ text }) => text).join(""));
}

/** Pieces at both ends of a line; the right ones go where there is no room for both. */
function spread(left: Piece[], right: Piece[], width: number): Piece[] {
  const used = lengthOf([...left, ...right]);
  return used >= width ? left : [...left, { text: " ".repeat(width - used) }, ...right];
}
