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

/** Chooses the columns that fit into `width`, and gives each its own; `longest` is the width of the longest text of a growing one. */
export function placeColumns<Row>(
  columns: readonly Column<Row>[],
  width: number,
  longest: (column: Column<Row>) => number,
): PlacedColumn<Row>[] {
  const kept = [...columns];
  while (kept.length > 1 && widthOfAll(kept) > width) {
    const least = kept.reduce((a, b) => (b.priority <= a.priority ? b : a));
    kept.splice(kept.indexOf(least), 1);
  }
  let left = Math.max(0, width - widthOfAll(kept));
  return kept.map((column) => {
    if (column.grows !== true) return { column, width: Math.min(column.width, width) };
    const more = Math.min(left, Math.max(0, longest(column) - column.width));
    left -= more;
    return { column, width: Math.min(column.width + more, width) };
  });
}

function widthOfAll(columns: readonly Column<never>[] | readonly { width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width + gap, -gap);
}
