import type { State } from "../state.ts";
import type { Piece } from "../table/column.ts";
import { helpLines } from "./help.ts";
import { routeLines } from "./route.ts";
import { workerLines } from "./worker.ts";

/** The lines of the open page; none while there is no page. */
export function pageLines(state: State, width: number): Piece[][] {
  const { page } = state;
  if (page === undefined) return [];
  if (page.name === "help") return helpLines();
  return page.name === "worker" ? workerLines(page, state, width) : routeLines(page, state);
}
