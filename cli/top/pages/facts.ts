import type { Piece } from "../table/column.ts";
import { printable } from "../text-width.ts";

/** A heading and what it is about. */
export function heading(title: string, about: string): Piece[] {
  return [
    { text: title, tone: "accent" },
    { text: ` ${printable(about)}`, tone: "strong" },
  ];
}

/** A named fact on a line of its own. */
export function fact(name: string, ...pieces: Piece[]): Piece[] {
  return [{ text: `  ${name.padEnd(11)}`, tone: "quiet" }, ...pieces];
}
