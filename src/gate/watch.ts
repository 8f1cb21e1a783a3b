import { GateError } from "../error/gate-error.ts";
import type { Job } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Clock, Timer } from "../observe/clock.ts";
import { encodePayload } from "../protocol/payload.ts";
import type { PoolRow, TargetRow, WatchUpdate, WorkerRow } from "../transport/watch-update.ts";
import type { RowReader } from "./changed-rows.ts";
import type { EventLog } from "./event-log.ts";

/** Watchers at once; one more is refused. */
const maxWatchers = 32;
const defaultIntervalMs = 1000;
const shortestIntervalMs = 100;
const longestIntervalMs = 60_000;

/** What a watch shows. */
export interface WatchSource {
  readonly clock: Clock;
  readonly events: EventLog;
  gate(): Required<WatchUpdate>["gate"];
  figures(): Pick<WatchUpdate, "uptimeMs" | "process" | "jobs" | "kept">;
  /** For one watcher: each tells what the last look at it has not told. */
  readers(): RowReaders;
}

interface RowReaders {
  targets: RowReader<TargetRow, "name">;
  workers: RowReader<WorkerRow, "id">;
  pools: RowReader<PoolRow, "name">;
}

/** The streams of `Gate.watch` that are open. */
export class Watch {
  readonly source: WatchSource;
  readonly #watchers = new Set<Watcher>();

  constructor(source: WatchSource) {
    this.source = source;
  }

  /** Streams updates every `intervalMs` (100 ms to a minute) until the caller cancels or the gate drains. */
  open(options: unknown, job: Job, sink: ReplySink): JobControl {
    const intervalMs = intervalOf(options);
    if (this.#watchers.size >= maxWatchers)
      throw new GateError("resource_exhausted", `${maxWatchers} watch this gate already; close one of them`);
    const watcher = new Watcher(this.source, job, sink, () => this.#watchers.delete(watcher));
    this.#watchers.add(watcher);
    watcher.start(intervalMs);
    return watcher;
  }

  /** The gate drains: the watchers get a last update, and their streams end as `unavailable`. */
  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}

class Watcher implements JobControl {
  readonly #source: WatchSource;
  readonly #job: Job;
  readonly #sink: ReplySink;
  readonly #whenOver: () => void;
  readonly #rows: RowReaders;
  #gate = "";
  #seenEvents = 0;
  #sequence = 0;
  #isFull = false;
  #timer: Timer | undefined;

  constructor(source: WatchSource, job: Job, sink: ReplySink, whenOver: () => void) {
    this.#source = source;
    this.#rows = source.readers();
    this.#job = job;
    this.#sink = sink;
    this.#whenOver = whenOver;
  }

  start(intervalMs: number): void {
    this.#timer = this.#source.clock.every(intervalMs, () => this.#tick());
    this.#tick();
  }

  cancel(reason?: string): void {
    this.#end(new GateError("cancelled", reason ?? "the watcher left"));
  }

  resume(): void {
    this.#isFull = false;
  }

  close(): void {
    this.#tick();
    this.#end(new GateError("unavailable", "the gate is draining"));
  }

  /** A reader that is behind gets nothing, and then all at once: updates add up. */
  #tick(): void {
    if (this.#isFull) return;
    this.#isFull = !this.#sink.chunk(encodePayload(this.#update(), this.#job.accept));
  }

  #update(): WatchUpdate {
    const source = this.#source;
    const gate = source.gate();
    const seen = JSON.stringify(gate);
    const isNew = seen !== this.#gate;
    this.#gate = seen;
    const events = source.events.since(this.#seenEvents);
    this.#seenEvents = source.events.count;
    const targets = this.#rows.targets.take();
    const workers = this.#rows.workers.take();
    const pools = this.#rows.pools.take();
    return {
      sequence: this.#sequence++,
      ...source.figures(),
      ...(isNew ? { gate } : {}),
      targets: targets.changed,
      goneTargets: targets.gone,
      workers: workers.changed,
      goneWorkers: workers.gone,
      pools: pools.changed,
      gonePools: pools.gone,
      events,
    };
  }

  #end(error: GateError): void {
    if (this.#timer === undefined) return;
    this.#timer.clear();
    this.#timer = undefined;
    this.#whenOver();
    this.#sink.fail(error);
  }
}

function intervalOf(options: unknown): number {
  const { intervalMs = defaultIntervalMs } = (typeof options === "object" && options !== null ? options : {}) as { intervalMs?: unknown };
  if (typeof intervalMs === "number" && intervalMs >= shortestIntervalMs && intervalMs <= longestIntervalMs) return intervalMs;
  throw new GateError("invalid_argument", `Gate.watch wants { intervalMs }, from ${shortestIntervalMs} to ${longestIntervalMs}`);
}
