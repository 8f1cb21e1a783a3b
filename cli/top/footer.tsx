import type { ReactNode } from "react";
import { type KeyBinding, keyTable } from "./keys.ts";
import type { State } from "./state.ts";
import type { Piece } from "./table/column.ts";
import { Line } from "./table/table.tsx";
import { printable, widthOf } from "./text-width.ts";
import type { Theme } from "./theme.ts";

/** The last line: a question, the filter, a notice, a lost gate, or else the keys. */
export function Footer({ state, width, theme }: { state: State; width: number; theme: Theme }): ReactNode {
  return <Line pieces={piecesOf(state, width)} theme={theme} />;
}

function piecesOf(state: State, width: number): Piece[] {
  const { asksToDrain, isFiltering, filter, notice, link, page } = state;
  if (asksToDrain !== undefined)
    return [
      { text: `Drain ${printable(asksToDrain)}?`, tone: "warning" },
      { text: "  It finishes its jobs and leaves.  " },
      { text: "y", tone: "accent" },
      { text: " yes   ", tone: "quiet" },
      { text: "any other key", tone: "accent" },
      { text: " no", tone: "quiet" },
    ];
  if (isFiltering)
    return [
      { text: "/ ", tone: "accent" },
      { text: filter },
      { text: "▏", tone: "accent" },
      { text: "  enter keeps it, esc clears it", tone: "quiet" },
    ];
  if (notice !== undefined) return [{ text: printable(notice.text), tone: notice.isBad ? "bad" : "good" }];
  if (link.state === "lost") return [{ text: `the gate is away, trying again: ${printable(link.reason)}`, tone: "bad" }];
  const kept: Piece[] =
    filter === "" || page !== undefined
      ? []
      : [
          { text: `/ ${filter}`, tone: "accent" },
          { text: "  esc clears it   ", tone: "quiet" },
        ];
  return [...kept, ...hints(state, width - lengthOf(kept))];
}

/** The keys in their order; where there is no room for all, the last two (help and quit) are told before the others. */
function hints(state: State, width: number): Piece[] {
  const all = keyTable.flatMap((binding) => hint(binding, state));
  const last = all.slice(-2);
  let left = width - lengthOf(last.flat());
  const first = all.slice(0, -2).filter((one) => (left -= lengthOf(one)) >= 0);
  return [...first, ...last].flat();
}

function hint({ keys, short }: KeyBinding, state: State): Piece[][] {
  const text = typeof short === "function" ? short(state) : short;
  if (text === undefined) return [];
  const key = keys[0] === "down" ? "↑↓" : keys[0] === "escape" ? "esc" : (keys[0] as string);
  return [
    [
      { text: key, tone: "accent" },
      { text: ` ${text}   `, tone: "quiet" },
    ],
  ];
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + widthOf(text), 0);
}
