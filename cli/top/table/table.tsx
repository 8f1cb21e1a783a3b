import { Box, Text } from "ink";
import type { ReactNode } from "react";
import { fit, widthOf } from "../text-width.ts";
import type { Theme, Tone } from "../theme.ts";
import { type Column, gap, type Piece, placeColumns, type PlacedColumn } from "./column.ts";
import { visibleRows } from "./visible-rows.ts";

/** What a table shows; it takes `height` lines with its heading. */
export interface TableProps<Row> {
  title: string;
  columns: readonly Column<Row>[];
  sortedBy: Column<Row> | undefined;
  rows: readonly Row[];
  /** Index of the chosen row. */
  chosen: number;
  isFocused: boolean;
  /** Said in place of rows when there are none. */
  none: string;
  width: number;
  height: number;
  theme: Theme;
}

/** Rows under a heading whose first column is the panel's own name: no line is spent on frames. */
export function Table<Row>(props: TableProps<Row>): ReactNode {
  const { columns, rows, chosen, width, height, theme, isFocused, none } = props;
  const { from, to } = visibleRows(rows.length, chosen, height - 1);
  const shown = rows.slice(from, to);
  const longest = (column: Column<Row>): number => Math.max(column.width, ...shown.map((row) => lengthOf(column.cell(row, 999))));
  const placed = placeColumns(columns, width - marker.length, longest);
  return (
    <Box flexDirection="column" height={height} overflow="hidden">
      <Heading {...props} placed={placed} />
      {rows.length === 0 && height > 1 ? <Line pieces={[{ text: `${blank}${none}`, tone: "quiet" }]} theme={theme} /> : null}
      {shown.map((row, at) => {
        const isChosen = isFocused && from + at === chosen;
        return <Line key={from + at} pieces={rowPieces(row, placed, isChosen)} theme={theme} />;
      })}
    </Box>
  );
}

const marker = "❯ ";
const blank = "  ";

function Heading<Row>({ title, rows, sortedBy, isFocused, theme, placed }: TableProps<Row> & { placed: PlacedColumn<Row>[] }): ReactNode {
  const pieces: Piece[] = placed.flatMap(({ column, width }, at): Piece[] => {
    const mark = column === sortedBy ? "▾" : "";
    if (at > 0) return [{ text: " ".repeat(gap) }, { text: fit(column.title + mark, width, column.align), tone: "quiet" }];
    const count = ` ${rows.length}${mark}`;
    return [
      { text: fit(title, Math.min(title.length, width)), tone: isFocused ? "accent" : "strong" },
      { text: fit(count, Math.max(0, width - title.length + marker.length)), tone: "quiet" },
    ];
  });
  return <Line pieces={pieces} theme={theme} />;
}

/** One line of pieces; what does not fit is cut. */
export function Line({ pieces, theme }: { pieces: readonly Piece[]; theme: Theme }): ReactNode {
  // A text of nothing has no height.
  if (pieces.length === 0) return <Text> </Text>;
  return (
    <Text wrap="truncate">
      {pieces.map(({ text, tone = "plain" }, at) => (
        <Text key={at} {...theme[tone]}>
          {text}
        </Text>
      ))}
    </Text>
  );
}

function rowPieces<Row>(row: Row, placed: readonly PlacedColumn<Row>[], isChosen: boolean): Piece[] {
  const pieces: Piece[] = [{ text: isChosen ? marker : blank, tone: "chosen" }];
  for (const [at, { column, width }] of placed.entries()) {
    if (at > 0) pieces.push({ text: " ".repeat(gap) });
    const cell = column.cell(row, width);
    if (Array.isArray(cell)) pieces.push(...filled(cell, width));
    else pieces.push({ text: fit(cell.text, width, column.align), tone: at === 0 && isChosen ? "chosen" : toneOf(cell) });
  }
  return pieces;
}

/** Pieces in exactly `width` columns: what does not fit is cut. */
function filled(pieces: readonly Piece[], width: number): Piece[] {
  let left = width;
  const kept: Piece[] = [];
  for (const piece of pieces) {
    const used = Math.min(left, widthOf(piece.text));
    if (used > 0) kept.push({ ...piece, text: fit(piece.text, used) });
    left -= used;
  }
  return [...kept, { text: " ".repeat(left) }];
}

function toneOf({ tone = "plain" }: Piece): Tone {
  return tone;
}

function lengthOf(cell: Piece | Piece[]): number {
  return [cell].flat().reduce((sum, { text }) => sum + widthOf(text), 0);
}
