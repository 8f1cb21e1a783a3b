import type { State } from "../state.ts";
import type { Piece } from "../table/column.ts";
import { helpLines } from "./help.ts";
import { keptJobsLines } from "./kept-jobs.ts";
import { poolLines } from "./pool.ts";
import { routeLines } from "./route.ts";
import { workerLines } from "./worker.ts";

/** The lines of the open page; none while there is no page. */
export function pageLines(state: State, width: number): Piece[][] {
  const { page } = state;
  if (page === undefined) return [];
  switch (page.name) {
    case "help":
      return helpLines();
    case "worker":
      return workerLines(page, state, width);
    case "route":
      return routeLines(page, state);
    case "pool":
      return poolLines(page, state);
    case "kept jobs":
      return keptJobsLines(page, state);
  }
}
