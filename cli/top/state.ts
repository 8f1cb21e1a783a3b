/** Everything that the dashboard shows, and the one function that changes it. No React, no terminal, no clock: those bring actions. */
import type { AsyncJobStatus, DrainStatus, Explanation, PoolStatus, WatchUpdate, WorkerDetail } from "unigate/transport";
import { applyUpdate } from "./live/apply-update.ts";
import { noteEvent } from "./live/local-event.ts";
import { type Live, nothingYet } from "./live/live.ts";
import { pageLines } from "./pages/page-lines.ts";
import type { PanelName } from "./panels/panel-name.ts";
import { nextRow, panelsOf, subjectOf } from "./panels/panels.ts";

/** Whether the gate is there. */
export type Link = { state: "connecting" } | { state: "live" } | { state: "lost"; reason: string };

/** A page over the panels. All but the help name what they are about; the answer to that comes a moment later. */
export type Page =
  | { name: "help" }
  | { name: "worker"; id: string; detail: WorkerDetail | undefined; error: string | undefined }
  | { name: "route"; target: string; explanation: Explanation | undefined; error: string | undefined }
  | { name: "pool"; pool: string; status: PoolStatus | undefined; error: string | undefined }
  | { name: "kept jobs"; dead: AsyncJobStatus[] | undefined; error: string | undefined };

/** What one panel remembers. */
export interface PanelState {
  /** Name of the chosen row; undefined: the first. */
  chosen: string | undefined;
  /** How often the order has been changed: each time to the next column. */
  sort: number;
}

export interface State {
  url: string;
  link: Link;
  live: Live;
  /** The picture as it was when `p` was pressed; the live one goes on behind it. */
  paused: Live | undefined;
  /** A heart shows its beat for a moment after each update. */
  isBeating: boolean;
  focus: PanelName;
  panels: Readonly<Record<PanelName, PanelState>>;
  filter: string;
  isFiltering: boolean;
  page: Page | undefined;
  /** Lines of the page that have been scrolled past. */
  scroll: number;
  /** The worker whose drain waits for a yes. */
  asksToDrain: string | undefined;
  /** Said in place of the keys, until a key is pressed or it has been there for a few updates. */
  notice: { text: string; isBad: boolean; updates: number } | undefined;
}

export type Action =
  | { type: "updated"; update: WatchUpdate; now: number }
  | { type: "lost"; reason: string; now: number }
  | { type: "rested" }
  | { type: "focused"; by: number }
  | { type: "moved"; by: number }
  | { type: "sorted" }
  | { type: "paused" }
  | { type: "opened" }
  | { type: "asked for help" }
  | { type: "closed" }
  | { type: "began to filter" }
  | { type: "filtered"; text: string }
  | { type: "ended to filter" }
  | { type: "asked to drain" }
  | { type: "answered" }
  | { type: "drained"; status: DrainStatus }
  | { type: "failed"; text: string }
  | { type: "explained"; page: Page };

/** A dashboard before its gate has answered. */
export function initialState(url: string): State {
  const panel: PanelState = { chosen: undefined, sort: 0 };
  return {
    url,
    link: { state: "connecting" },
    live: nothingYet,
    paused: undefined,
    isBeating: false,
    focus: "routes",
    panels: { routes: panel, queues: panel, workers: panel, pools: panel, events: panel },
    filter: "",
    isFiltering: false,
    page: undefined,
    scroll: 0,
    asksToDrain: undefined,
    notice: undefined,
  };
}

/** The state after an action. */
export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "updated":
      return updated(state, action.update, action.now);
    case "lost":
      return lose(state, action.reason, action.now);
    case "rested":
      return { ...state, isBeating: false };
    case "focused":
      return { ...state, focus: after(panelsOf(state), state.focus, action.by), notice: undefined };
    case "moved":
      return moved(state, action.by);
    case "sorted":
      return changePanel(state, { sort: state.panels[state.focus].sort + 1 });
    case "paused":
      return { ...state, paused: state.paused === undefined ? state.live : undefined };
    case "opened":
      return opened(state);
    case "asked for help":
      return { ...state, page: { name: "help" }, scroll: 0 };
    case "closed":
      return closed(state);
    case "began to filter":
      return { ...state, isFiltering: true };
    case "filtered":
      return { ...state, filter: action.text };
    case "ended to filter":
      return { ...state, isFiltering: false };
    case "asked to drain":
      return askToDrain(state);
    case "answered":
      return { ...state, asksToDrain: undefined };
    case "drained":
      return { ...state, notice: notice(drainNotice(action.status)) };
    case "failed":
      return { ...state, notice: notice(action.text, true) };
    case "explained":
      return isSamePage(state.page, action.page) ? { ...state, page: action.page } : state;
  }
}

function updated(state: State, update: WatchUpdate, now: number): State {
  const live = applyUpdate(state.live, update, now);
  const next: State = { ...state, link: { state: "live" }, live, isBeating: true, notice: older(state.notice) };
  if (state.link.state !== "lost") return next;
  const text = returnNotice(state.live.gate, update.gate);
  return { ...next, live: noteEvent(next.live, "attached", text, now), notice: notice(text) };
}

/** Of several gates behind one address, another may answer. */
function returnNotice(before: Live["gate"], now: WatchUpdate["gate"]): string {
  if (now === undefined || now.id === before?.id) return "the gate answers again";
  if (now.name === before?.name) return "attached again: the gate has restarted";
  return `attached to another gate: ${now.name}`;
}

/** Updates for which a notice stays. */
const noticeUpdates = 5;

function notice(text: string, isBad = false): State["notice"] {
  return { text, isBad, updates: 0 };
}

function older(notice: State["notice"]): State["notice"] {
  return notice === undefined || notice.updates >= noticeUpdates ? undefined : { ...notice, updates: notice.updates + 1 };
}

function lose(state: State, reason: string, now: number): State {
  // One loss is one event, however often the gate is tried in between.
  if (state.link.state === "lost") return { ...state, link: { state: "lost", reason } };
  return { ...state, link: { state: "lost", reason }, live: noteEvent(state.live, "lost", `lost the gate: ${reason}`, now) };
}

/** Moves the choice in the panel, or scrolls the page over it. */
function moved(state: State, by: number): State {
  if (state.page === undefined) return changePanel({ ...state, notice: undefined }, { chosen: nextRow(state, state.focus, by) });
  const last = pageLines(state, usualWidth).length - 1;
  return { ...state, scroll: Math.max(0, Math.min(last, state.scroll + by)) };
}

/** Columns of a terminal that nobody has resized; how far a page scrolls need not be exact. */
const usualWidth = 80;

function opened(state: State): State {
  if (state.page !== undefined) return state;
  const page = pageOf(state);
  return page === undefined ? state : { ...state, page, scroll: 0 };
}

function pageOf(state: State): Page | undefined {
  const subject = subjectOf(state, state.focus);
  if (subject === undefined) return undefined;
  if (subject === "kept jobs") return { name: "kept jobs", dead: undefined, error: undefined };
  if ("pool" in subject) return { name: "pool", pool: subject.pool, status: undefined, error: undefined };
  if ("worker" in subject) return { name: "worker", id: subject.worker, detail: undefined, error: undefined };
  return { name: "route", target: subject.target, explanation: undefined, error: undefined };
}

/** Escape takes back one thing at a time: the page, else the filter, else the notice. */
function closed(state: State): State {
  if (state.page !== undefined) return { ...state, page: undefined };
  if (state.filter !== "" || state.isFiltering) return { ...state, filter: "", isFiltering: false };
  return { ...state, notice: undefined };
}

function askToDrain(state: State): State {
  const subject = state.page?.name === "worker" ? { worker: state.page.id } : subjectOf(state, state.focus);
  if (typeof subject === "object" && "worker" in subject) return { ...state, asksToDrain: subject.worker, notice: undefined };
  return { ...state, notice: notice("d drains a worker: choose one in the workers panel first", true) };
}

function drainNotice({ id, inFlight, isAsked }: DrainStatus): string {
  const jobs = inFlight === 1 ? "1 job" : `${inFlight} jobs`;
  return isAsked ? `${id} finishes ${jobs} and leaves` : `${id} gets no new jobs; its transport cannot ask it to leave`;
}

function isSamePage(open: Page | undefined, answer: Page): boolean {
  if (open?.name === "worker" && answer.name === "worker") return open.id === answer.id;
  if (open?.name === "pool" && answer.name === "pool") return open.pool === answer.pool;
  if (open?.name === "kept jobs") return answer.name === "kept jobs";
  return open?.name === "route" && answer.name === "route" && open.target === answer.target;
}

function changePanel(state: State, change: Partial<PanelState>): State {
  return { ...state, panels: { ...state.panels, [state.focus]: { ...state.panels[state.focus], ...change } } };
}

function after<Name>(names: readonly Name[], name: Name, by: number): Name {
  return names[(names.indexOf(name) + by + names.length) % names.length] as Name;
}
