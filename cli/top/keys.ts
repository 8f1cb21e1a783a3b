/** Every key of the dashboard, in one table: the help page, the footer and the behaviour are drawn from it. */
import type { Action, State } from "./state.ts";

/** What a key does: changes the state, or something outside it. */
export type Command = Action | { type: "quit" } | { type: "drain"; worker: string };

export interface KeyBinding {
  /** Names as `keyName` gives them. */
  keys: readonly string[];
  /** How they are written in the help. */
  label: string;
  /** Two words at most, for the footer; left out there without them, and where it gives none. */
  short?: string | ((state: State) => string | undefined);
  help: string;
  command(state: State): Command | undefined;
}

/** Lines of a page key. */
const pageLines = 10;
const far = 1_000_000;

/** While the panels, or a page over them, are shown. */
export const keyTable: readonly KeyBinding[] = [
  {
    keys: ["tab", "right", "l"],
    label: "tab → l",
    short: onPanels("panel"),
    help: "next panel",
    command: onPanels({ type: "focused", by: 1 }),
  },
  { keys: ["shift+tab", "left", "h"], label: "shift+tab ← h", help: "panel before", command: onPanels({ type: "focused", by: -1 }) },
  { keys: ["up", "k"], label: "↑ k", help: "row above", command: () => ({ type: "moved", by: -1 }) },
  {
    keys: ["down", "j"],
    label: "↓ j",
    short: ({ page }) => (page === undefined ? "row" : "scroll"),
    help: "row below",
    command: () => ({ type: "moved", by: 1 }),
  },
  { keys: ["pageUp"], label: "page up", help: "ten rows up", command: () => ({ type: "moved", by: -pageLines }) },
  { keys: ["pageDown"], label: "page down", help: "ten rows down", command: () => ({ type: "moved", by: pageLines }) },
  { keys: ["home", "g"], label: "home g", help: "first row", command: () => ({ type: "moved", by: -far }) },
  { keys: ["end", "G"], label: "end G", help: "last row", command: () => ({ type: "moved", by: far }) },
  {
    keys: ["enter"],
    label: "enter",
    short: onPanels("open"),
    help: "page of the row: a route, a worker, a pool, kept jobs",
    command: onPanels({ type: "opened" }),
  },
  {
    keys: ["escape", "backspace"],
    label: "esc",
    short: ({ page }) => (page === undefined ? undefined : "back"),
    help: "back; clears the filter",
    command: () => ({ type: "closed" }),
  },
  {
    keys: ["/"],
    label: "/",
    short: onPanels("filter"),
    help: "filter all panels; enter keeps it, esc clears it",
    command: onPanels({ type: "began to filter" }),
  },
  {
    keys: ["s"],
    label: "s",
    short: onPanels("sort"),
    help: "sort the panel by its next column (▾)",
    command: onPanels({ type: "sorted" }),
  },
  { keys: ["p", "space"], label: "p", short: "pause", help: "hold the picture; the gate goes on", command: () => ({ type: "paused" }) },
  {
    keys: ["d"],
    label: "d",
    short: ({ page }) => (page === undefined || page.name === "worker" ? "drain" : undefined),
    help: "drain the worker: it finishes its jobs and leaves; asks first",
    command: () => ({ type: "asked to drain" }),
  },
  {
    keys: ["?"],
    label: "?",
    short: "help",
    help: "this page",
    command: (state) => (state.page?.name === "help" ? { type: "closed" } : { type: "asked for help" }),
  },
  { keys: ["q", "ctrl+c"], label: "q", short: "quit", help: "leave", command: () => ({ type: "quit" }) },
];

/** Something that is of the panels, and not of a page that hides them. */
function onPanels<Thing>(thing: Thing): (state: State) => Thing | undefined {
  return ({ page }) => (page === undefined ? thing : undefined);
}

/** What a key means in a state; undefined when it means nothing. */
export function commandOf(state: State, key: string): Command | undefined {
  if (key === "ctrl+c") return { type: "quit" };
  if (state.asksToDrain !== undefined) return answer(state.asksToDrain, key);
  if (state.isFiltering) return edit(state.filter, key);
  return keyTable.find(({ keys }) => keys.includes(key))?.command(state);
}

function answer(worker: string, key: string): Command {
  return key === "y" || key === "Y" ? { type: "drain", worker } : { type: "answered" };
}

function edit(filter: string, key: string): Command | undefined {
  if (key === "enter") return { type: "ended to filter" };
  if (key === "escape") return { type: "closed" };
  if (key === "backspace") return { type: "filtered", text: Array.from(filter).slice(0, -1).join("") };
  if (key === "space") return { type: "filtered", text: `${filter} ` };
  return namedKeys.has(key) || key.startsWith("ctrl+") ? undefined : { type: "filtered", text: filter + key };
}

const namedKeys: ReadonlySet<string> = new Set(keyTable.flatMap(({ keys }) => keys.filter((key) => key.length > 1)));
