import type { Column } from "./column.ts";

/** The rows in the order of a column: the largest figure first, texts from A; equals keep their order. */
export function sortRows<Row>(rows: readonly Row[], column: Column<Row> | undefined): Row[] {
  if (column?.sortBy === undefined) return [...rows];
  return rows.toSorted((a, b) => compare(column.sortBy?.(a), column.sortBy?.(b)));
}

/** The columns that can sort, in their order. */
export function sortable<Row>(columns: readonly Column<Row>[]): Column<Row>[] {
  return columns.filter((column) => column.sortBy !== undefined);
}

function compare(a: number | string = "", b: number | string = ""): number {
  if (typeof a === "number" && typeof b === "number") return b - a;
  return a < b ? -1 : a > b ? 1 : 0;
}
