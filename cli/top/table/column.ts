import type { Tone } from "../theme.ts";

/** A piece of a line, in one tone. */
export interface Piece {
  text: string;
  tone?: Tone;
}

/** One column of a panel. */
export interface Column<Row> {
  title: string;
  /** Columns of the terminal; the least for a column that grows. */
  width: number;
  /** Takes what is left over, up to the width of its longest text. */
  grows?: boolean;
  align?: "left" | "right";
  /** The lowest goes first where there is no room for all. */
  priority: number;
  /** What stands in it: a text, or pieces that fill the width themselves. */
  cell(row: Row, width: number): Piece | Piece[];
  /** Rows can be sorted by it: the largest figure first, texts from A. */
  sortBy?(row: Row): number | string;
}

/** A column that has its place. */
export interface PlacedColumn<Row> {
  column: Column<Row>;
  width: number;
}

/** Blank columns between two columns. */
export const gap = 2;

/** Columns that a name gets before any figure. */
const usualName = 20;

/** Chooses the columns that fit into `width`, and gives each its own; `longest` is the width of the longest text of a growing one. */
export function placeColumns<Row>(
  columns: readonly Column<Row>[],
  width: number,
  longest: (column: Column<Row>) => number,
): PlacedColumn<Row>[] {
  const leastOf = (column: Column<Row>): number =>
    // Names that are cut look alike: rather a figure less.
    column === columns[0] && column.grows === true ? Math.max(column.width, Math.min(longest(column), usualName)) : column.width;
  const widthOfAll = (all: readonly Column<Row>[]): number => all.reduce((sum, column) => sum + leastOf(column) + gap, -gap);
  const kept = [...columns];
  while (kept.length > 1 && widthOfAll(kept) > width) {
    const least = kept.reduce((a, b) => (b.priority <= a.priority ? b : a));
    kept.splice(kept.indexOf(least), 1);
  }
  let left = Math.max(0, width - widthOfAll(kept));
  return kept.map((column) => {
    const least = leastOf(column);
    if (column.grows !== true) return { column, width: Math.min(least, width) };
    const more = Math.min(left, Math.max(0, longest(column) - least));
    left -= more;
    return { column, width: Math.min(least + more, width) };
  });
}
