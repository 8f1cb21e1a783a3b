import { type ChildProcess, fork } from "node:child_process";
import { forEachLine } from "./lines.ts";

const firstDelayMs = 1000;
const longestDelayMs = 30_000;
/** A process that lived this long starts its back-off anew, in ms. */
const steadyMs = 10_000;
/** The process has said itself that its user has to act: starting it again changes nothing. */
const usageExitCode = 2;

/** What a supervisor keeps running. */
export interface SupervisorOptions {
  count: number;
  /** Arguments of `gate` for the process in a slot, from 1. The process sends a message once it serves. */
  argv(slot: number): readonly string[];
  /** What its environment holds besides ours: secrets, which no list of processes shows. */
  env?: Readonly<Record<string, string>>;
  /** How long a process may take to drain before it is killed, in ms. */
  graceMs: number;
  readonly note: (text: string) => void;
  /** What the process in a slot is called in notes; default its number. */
  readonly title?: (slot: number) => string;
  /** Hears each line that a process writes; default they go to our own stdout and stderr. */
  readonly line?: (text: string) => void;
}

interface Slot {
  readonly number: number;
  /** The process that serves. */
  serving: ChildProcess | undefined;
  /** The process that comes up, to take the place of the one that serves. */
  coming: ChildProcess | undefined;
  hasServed: boolean;
  /** Its process left because the gate asked it to: no other takes its place until a reload. */
  isRetired: boolean;
  /** Settled by the first process that serves, or that cannot. */
  readonly first: PromiseWithResolvers<void>;
  startedAt: number;
  delayMs: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Keeps `count` processes of this program running.
 *
 * Each slot has a process that serves, one that comes up, both, or neither while it waits to start again. When the one that comes up
 * serves, it takes the place, and the one before drains: a reload loses no running job. When it ends instead, the one before goes on;
 * without one before, the slot waits (1 s, doubling to 30 s) and starts again. A process that serves and ends by itself has crashed,
 * unless it says that the gate drained it: then its slot stays empty.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: Slot[];
  readonly #alive = new Set<ChildProcess>();
  readonly #retirement = Promise.withResolvers<void>();
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, (_, at) => ({
      number: at + 1,
      serving: undefined,
      coming: undefined,
      hasServed: false,
      isRetired: false,
      first: Promise.withResolvers<void>(),
      startedAt: 0,
      delayMs: firstDelayMs,
      timer: undefined,
    }));
  }

  /** Starts every slot; resolves once all serve, rejects with a `ChildExit` when one says that its user has to act. */
  async start(): Promise<void> {
    for (const slot of this.#slots) this.#launch(slot);
    await Promise.all(this.#slots.map(({ first }) => first.promise));
  }

  /** Resolves when the gate has drained the process of every slot. */
  get retired(): Promise<void> {
    return this.#retirement.promise;
  }

  /** Starts a successor of every process; one that is still coming up gives way. */
  reload(): void {
    if (!this.#isStopping) for (const slot of this.#slots) this.#launch(slot);
  }

  /** Lets every process drain; resolves when all are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const { timer } of this.#slots) clearTimeout(timer);
    await Promise.all([...this.#alive].map((child) => this.#drain(child)));
  }

  /** Ends every process at once. */
  kill(): void {
    this.#isStopping = true;
    for (const child of this.#alive) child.kill("SIGKILL");
  }

  #launch(slot: Slot): void {
    clearTimeout(slot.timer);
    const overtaken = slot.coming;
    const { line } = this.#options;
    const written = line === undefined ? "inherit" : "pipe";
    const child = fork(process.argv[1] as string, this.#options.argv(slot.number), {
      stdio: ["ignore", written, written, "ipc"],
      // Ctrl-C in a terminal reaches every process of its group, and these leave when we say so: after the jobs that wait for them.
      detached: true,
      env: { ...process.env, ...this.#options.env },
    });
    if (line !== undefined) for (const stream of [child.stdout, child.stderr]) if (stream !== null) forEachLine(stream, line);
    slot.coming = child;
    slot.startedAt = performance.now();
    slot.isRetired = false;
    this.#alive.add(child);
    child.on("message", (message) => (message === "drained" ? this.#drained(slot, child) : this.#served(slot, child)));
    child.once("error", () => this.#ended(slot, child, "could not be started"));
    child.once("exit", (code, signal) => this.#ended(slot, child, signal ?? `exit code ${code}`, code));
    if (overtaken !== undefined) void this.#drain(overtaken);
  }

  #served(slot: Slot, child: ChildProcess): void {
    if (slot.coming !== child) return;
    const before = slot.serving;
    slot.coming = undefined;
    slot.serving = child;
    slot.hasServed = true;
    slot.first.resolve();
    if (before !== undefined) void this.#drain(before);
  }

  #drained(slot: Slot, child: ChildProcess): void {
    if (slot.serving === child) slot.isRetired = true;
  }

  #ended(slot: Slot, child: ChildProcess, how: string, code?: number | null): void {
    this.#alive.delete(child);
    const wasComing = slot.coming === child;
    if (wasComing) slot.coming = undefined;
    else if (slot.serving === child) slot.serving = undefined;
    else return;
    if (this.#isStopping || slot.coming !== undefined) return;
    if (slot.isRetired) {
      if (this.#slots.every(({ isRetired }) => isRetired)) this.#retirement.resolve();
      return;
    }
    if (slot.serving !== undefined) this.#options.note(`the new version did not start (${how}); the old one goes on`);
    else if (!slot.hasServed && code === usageExitCode) slot.first.reject(new ChildExit(code));
    else this.#startLater(slot, how);
  }

  #startLater(slot: Slot, how: string): void {
    if (performance.now() - slot.startedAt > steadyMs) slot.delayMs = firstDelayMs;
    const title = this.#options.title?.(slot.number) ?? `instance ${slot.number}`;
    this.#options.note(`${title} ended (${how}); starting it again in ${slot.delayMs / 1000} s`);
    slot.timer = setTimeout(() => this.#launch(slot), slot.delayMs);
    slot.delayMs = Math.min(longestDelayMs, slot.delayMs * 2);
  }

  async #drain(child: ChildProcess): Promise<void> {
    if (!this.#alive.has(child)) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const timer = setTimeout(() => {
      this.#options.note(`process ${child.pid} has not finished within ${this.#options.graceMs / 1000} s; killing it`);
      child.kill("SIGKILL");
    }, this.#options.graceMs);
    await gone;
    clearTimeout(timer);
  }
}

/** A process ended before it served; it has said why itself. */
export class ChildExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`ended with exit code ${code}`);
    this.code = code;
  }
}
