import type { PoolRow, TargetRow, WatchUpdate, WorkerRow } from "unigate/transport";
import type { Live, LiveEvent, LiveTarget, LiveTotals, LiveWorker } from "./live.ts";

/** Samples of history, and of a pulse. */
const longestHistory = 240;
const longestPulse = 6;
const mostEvents = 500;

/**
 * The picture after one more update; `now` is the time of day.
 *
 * The first update of a stream tells all rows there are. When it is from the same gate as before, rates go on across the gap; another
 * gate counts from zero.
 */
export function applyUpdate(before: Live, update: WatchUpdate, now: number): Live {
  const isFirst = update.sequence === 0;
  const base = isFirst && update.gate?.id !== before.gate?.id ? forgetGate(before) : before;
  const seconds = base.last === undefined ? 0 : (update.uptimeMs - base.uptimeMs) / 1000;
  const totals = totalsOf(base, update, seconds);
  return {
    gate: update.gate ?? base.gate,
    uptimeMs: update.uptimeMs,
    totals,
    history: seconds > 0 ? [...base.history, totals.calls].slice(-longestHistory) : base.history,
    targets: applyTargets(base.targets, update, { isFirst, seconds }),
    workers: applyWorkers(base.workers, update, { isFirst, seconds }),
    pools: applyRows(
      base.pools,
      { changes: update.pools, gone: update.gonePools, key: "name", isFirst },
      (row) => row,
      (known, change) => ({ ...known, ...change }) as PoolRow,
    ),
    kept: update.kept,
    events: inOrder(base.events, eventsOf(base, update, now)),
    last: { jobs: update.jobs, process: update.process },
    seenAt: now,
    updates: base.updates + 1,
  };
}

function forgetGate(before: Live): Live {
  return { ...before, uptimeMs: 0, targets: new Map(), workers: new Map(), pools: new Map(), kept: undefined, last: undefined, updates: 0 };
}

interface Step {
  isFirst: boolean;
  seconds: number;
}

function applyTargets(before: Live["targets"], update: WatchUpdate, { isFirst, seconds }: Step): Live["targets"] {
  const idle = (row: LiveTarget): LiveTarget => (row.calls === 0 && row.errors === 0 ? row : { ...row, calls: 0, errors: 0 });
  return applyRows(before, { changes: update.targets, gone: update.goneTargets, key: "name", isFirst }, idle, (known, change) => {
    const row = { ...known, ...change } as TargetRow;
    if (known === undefined) return { ...row, calls: 0, errors: 0 };
    return { ...row, calls: per(seconds, row.accepted - known.accepted), errors: per(seconds, errorsOf(row) - errorsOf(known)) };
  });
}

function applyWorkers(before: Live["workers"], update: WatchUpdate, { isFirst, seconds }: Step): Live["workers"] {
  const idle = (row: LiveWorker): LiveWorker => ({ ...row, calls: 0, hasBeaten: false, pulse: beatsOf(row.pulse, row) });
  return applyRows(before, { changes: update.workers, gone: update.goneWorkers, key: "id", isFirst }, idle, (known, change) => {
    const row = { ...known, ...change } as WorkerRow;
    const ended = row.completed + row.failed - (known === undefined ? 0 : known.completed + known.failed);
    return {
      ...row,
      calls: known === undefined ? 0 : per(seconds, ended),
      hasBeaten: row.beats > (known?.beats ?? 0),
      pulse: beatsOf(known?.pulse ?? [], row),
    };
  });
}

interface Changes<Key extends string, Change> {
  changes: readonly Change[];
  gone: readonly string[];
  key: Key;
  isFirst: boolean;
}

function applyRows<Key extends string, Change extends Record<Key, string>, Row>(
  before: ReadonlyMap<string, Row>,
  { changes, gone, key, isFirst }: Changes<Key, Change>,
  idle: (row: Row) => Row,
  merge: (known: Row | undefined, change: Change) => Row,
): ReadonlyMap<string, Row> {
  const after = new Map<string, Row>();
  if (!isFirst) for (const [name, row] of before) after.set(name, idle(row));
  for (const change of changes) after.set(change[key], merge(before.get(change[key]), change));
  for (const name of gone) after.delete(name);
  return after;
}

function totalsOf({ last }: Live, { jobs, process }: WatchUpdate, seconds: number): LiveTotals {
  return {
    calls: last === undefined ? 0 : per(seconds, jobs.accepted - last.jobs.accepted),
    errors: last === undefined ? 0 : per(seconds, errorsOf(jobs) - errorsOf(last.jobs)),
    p50Ms: jobs.p50Ms,
    p99Ms: jobs.p99Ms,
    open: jobs.open,
    cpu: last === undefined ? 0 : per(seconds, (process.cpuMs - last.process.cpuMs) / 1000),
    residentBytes: process.residentBytes,
  };
}

/** A stream that begins anew tells again what it told before. */
function eventsOf({ gate, uptimeMs }: Live, update: WatchUpdate, now: number): LiveEvent[] {
  const startedAt = now - update.uptimeMs;
  const known = update.sequence === 0 && update.gate?.id === gate?.id ? uptimeMs : -1;
  return update.events
    .filter(({ atMs }) => atMs > known)
    .map(({ atMs, kind, worker, text }) => ({ at: startedAt + atMs, kind, worker, text }));
}

/** What the gate tells of the time before it was found again belongs before that. */
function inOrder(known: readonly LiveEvent[], fresh: readonly LiveEvent[]): readonly LiveEvent[] {
  if (fresh.length === 0) return known;
  return [...known, ...fresh].toSorted((a, b) => a.at - b.at).slice(-mostEvents);
}

function errorsOf({ failed, expired }: Pick<TargetRow, "failed" | "expired">): number {
  return failed + expired;
}

function beatsOf(pulse: readonly boolean[], { missedBeats }: WorkerRow): readonly boolean[] {
  return [...pulse, missedBeats > 0].slice(-longestPulse);
}

function per(seconds: number, difference: number): number {
  return seconds > 0 ? Math.max(0, difference / seconds) : 0;
}
