import type { PanelName } from "./panels/panel-name.ts";

/** The size of a terminal, in columns and lines. */
export interface Size {
  columns: number;
  rows: number;
}

/** Where a panel stands, and how many lines it has, its heading included. */
export interface PanelPlace {
  name: PanelName;
  height: number;
}

/** How a screen is divided. */
export interface Layout {
  /** Lines of the header; its last ones go first where room is short. */
  header: number;
  /** Columns of panels, side by side. */
  panels: PanelPlace[][];
  /** Width of one column of panels. */
  width: number;
  /** A blank line stands between two panels. */
  isAiry: boolean;
}

/** From this width on, two columns of panels are better than one. */
const twoColumns = 170;
/** Blank columns between two columns of panels. */
export const gutter = 4;
/** From this height on, there is room for blank lines and for the addresses. */
const airy = 22;
const leastHeight = 2;

/** Divides a screen among the panels of `needs`, which has the rows of each: every panel gets what it needs while there is room, and the one in focus gets the most. */
export function layoutOf({ columns, rows }: Size, needs: ReadonlyMap<PanelName, number>, focus: PanelName): Layout {
  const isAiry = rows >= airy;
  const header = isAiry ? 4 : 2;
  const isWide = columns >= twoColumns;
  const names = [...needs.keys()];
  const isLeft = (name: PanelName): boolean => name === "routes" || name === "queues";
  const stacks: PanelName[][] = isWide ? [names.filter(isLeft), names.filter((name) => !isLeft(name))] : [names];
  const footer = 1;
  const lines = Math.max(0, rows - header - footer);
  return {
    header,
    isAiry,
    width: isWide ? Math.floor((columns - gutter) / 2) : columns,
    panels: stacks.map((names) => share(names, lines - (isAiry ? names.length - 1 : 0), needs, focus)),
  };
}

/** Gives lines one by one to whoever has the least of those that need more; the one in focus counts half. */
function share(names: readonly PanelName[], lines: number, needs: ReadonlyMap<PanelName, number>, focus: PanelName): PanelPlace[] {
  const places = names.map((name) => ({ name, height: leastHeight }));
  for (let left = lines - places.length * leastHeight; left > 0; left--) {
    const hungry = places.filter(({ name, height }) => height < (needs.get(name) ?? 0) + 1);
    if (hungry.length === 0) break;
    const weight = ({ name, height }: PanelPlace): number => (name === focus ? height / 2 : height);
    hungry.reduce((a, b) => (weight(b) < weight(a) ? b : a)).height++;
  }
  const last = places.at(-1) as PanelPlace;
  // What nobody needs is left to the log, which grows.
  const used = places.reduce((sum, { height }) => sum + height, 0);
  last.height += Math.max(0, lines - used);
  return places;
}
