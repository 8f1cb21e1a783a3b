import type { PoolRow } from "unigate/transport";
import type { LiveEvent, LiveTarget, LiveWorker } from "../live/live.ts";
import { shownLive } from "../shown-live.ts";
import type { State } from "../state.ts";
import type { Column } from "../table/column.ts";
import { sortable, sortRows } from "../table/sort-rows.ts";
import { eventColumns, eventRows } from "./events.ts";
import { type PanelName, panelNames } from "./panel-name.ts";
import { poolColumns, poolRows } from "./pools.ts";
import { queueColumns, type QueueRow, queueRows } from "./queues.ts";
import { routeColumns, routeRows } from "./routes.ts";
import { workerColumns, workerRows } from "./workers.ts";

/** What the page of a row is about. */
export type Subject = { worker: string } | { target: string } | { pool: string } | "kept jobs";

/** A panel as data: what its rows are, and what each is about. */
interface Panel<Row> {
  columns(state: State): readonly Column<Row>[];
  /** Index among the sortable columns by which it sorts until `s` is pressed. */
  sort: number;
  rows(state: State): readonly Row[];
  nameOf(row: Row): string;
  subjectOf(row: Row): Subject | undefined;
  /** Said in place of rows. */
  none: string;
}

const routes: Panel<LiveTarget> = {
  columns: () => routeColumns,
  sort: 1,
  rows: (state) => routeRows(shownLive(state), state.filter),
  nameOf: ({ name }) => name,
  subjectOf: ({ name }) => ({ target: name }),
  none: "no worker has joined yet; add one: gate worker ./handlers.ts",
};

const queues: Panel<QueueRow> = {
  columns: (state) => queueColumns(shownLive(state)),
  sort: 1,
  rows: (state) => queueRows(shownLive(state), state.filter),
  nameOf: ({ name }) => name,
  subjectOf: ({ name, kept }) => (kept === undefined ? { target: name } : "kept jobs"),
  none: "nobody waits",
};

const workers: Panel<LiveWorker> = {
  columns: ({ isBeating }) => workerColumns(isBeating),
  sort: 0,
  rows: (state) => workerRows(shownLive(state), state.filter),
  nameOf: ({ id }) => id,
  subjectOf: ({ id }) => ({ worker: id }),
  none: "no worker is here",
};

const pools: Panel<PoolRow> = {
  columns: () => poolColumns,
  sort: 1,
  rows: (state) => poolRows(shownLive(state), state.filter),
  nameOf: ({ name }) => name,
  subjectOf: ({ name }) => ({ pool: name }),
  none: "no pool is here",
};

const events: Panel<LiveEvent> = {
  columns: () => eventColumns,
  sort: 0,
  rows: (state) => eventRows(shownLive(state), state.filter),
  nameOf: ({ at, text }) => `${at} ${text}`,
  subjectOf: ({ worker }) => (worker === "" ? undefined : { worker }),
  none: "nothing has happened yet",
};

const panels: Readonly<Record<PanelName, Panel<unknown>>> = { routes, queues, workers, pools, events };

/** The panels that a state has something to say in: most gates have no pools. */
export function panelsOf(state: State): PanelName[] {
  return panelNames.filter((name) => name !== "pools" || shownLive(state).pools.size > 0);
}

/** The rows of a panel in their order, and the chosen one. */
export interface PanelView {
  columns: readonly Column<unknown>[];
  sortedBy: Column<unknown> | undefined;
  rows: readonly unknown[];
  chosen: number;
  none: string;
}

/** What a panel shows in a state. */
export function viewOf(state: State, name: PanelName): PanelView {
  const panel = panels[name];
  const { chosen, sort } = state.panels[name];
  const columns = panel.columns(state);
  const sorts = sortable(columns);
  const sortedBy = sorts[(panel.sort + sort) % sorts.length];
  const rows = sortRows(panel.rows(state), sortedBy);
  const at = chosen === undefined ? 0 : rows.findIndex((row) => panel.nameOf(row) === chosen);
  const none = state.filter === "" ? panel.none : `nothing matches ${JSON.stringify(state.filter)}`;
  return { columns, sortedBy, rows, chosen: Math.max(0, at), none };
}

/** The name of the row that lies `by` rows after the chosen one; undefined in an empty panel. */
export function nextRow(state: State, name: PanelName, by: number): string | undefined {
  const { rows, chosen } = viewOf(state, name);
  if (rows.length === 0) return undefined;
  return panels[name].nameOf(rows[Math.max(0, Math.min(rows.length - 1, chosen + by))]);
}

/** What the chosen row is about; undefined in an empty panel. */
export function subjectOf(state: State, name: PanelName): Subject | undefined {
  const { rows, chosen } = viewOf(state, name);
  return rows.length === 0 ? undefined : panels[name].subjectOf(rows[chosen]);
}
