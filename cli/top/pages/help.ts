import { keyTable } from "../keys.ts";
import type { Piece } from "../table/column.ts";

/** Every key and what it does. */
export function helpLines(): Piece[][] {
  const longest = Math.max(...keyTable.map(({ label }) => label.length));
  return [
    [
      { text: "keys", tone: "accent" },
      { text: "  esc or ? goes back", tone: "quiet" },
    ],
    ...keyTable.map(({ label, help }): Piece[] => [{ text: `  ${label.padEnd(longest)}  `, tone: "strong" }, { text: help }]),
  ];
}
