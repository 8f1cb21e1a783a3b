import { type ChildProcess, fork } from "node:child_process";

const firstDelayMs = 1000;
const longestDelayMs = 30_000;
/** A process that lived this long starts its back-off anew, in ms. */
const steadyMs = 10_000;

/** What a supervisor keeps running. */
export interface SupervisorOptions {
  count: number;
  /** Arguments of `gate` for the process in a slot, from 1. */
  argv(slot: number): readonly string[];
  /** How long a process may take to drain before it is killed, in ms. */
  graceMs: number;
  readonly note: (text: string) => void;
}

interface Slot {
  number: number;
  child: ChildProcess | undefined;
  startedAt: number;
  delayMs: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Keeps `count` processes of this program running.
 *
 * A slot is *running*, or *waiting* to start again after a crash (1 s, doubling to 30 s), or stopped for good. `reload` starts a slot's
 * successor first and drains the old process only once the new one serves, so that no running job is lost; a successor that does not
 * come up leaves the old one in place.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: Slot[];
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, (_, at) => ({
      number: at + 1,
      child: undefined,
      startedAt: 0,
      delayMs: firstDelayMs,
      timer: undefined,
    }));
  }

  /** Starts every slot; resolves once all serve, rejects with the exit code of one that did not come up. */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#launch(slot)));
  }

  /** Replaces every process by a fresh one. */
  async reload(): Promise<void> {
    for (const slot of this.#slots) {
      const old = slot.child;
      try {
        await this.#launch(slot);
        if (old !== undefined) void this.#end(old);
      } catch {
        slot.child = old;
        this.#options.note(old === undefined ? "the new version did not start" : "the new version did not start; the old one goes on");
      }
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(
      this.#slots.map((slot) => {
        clearTimeout(slot.timer);
        return slot.child === undefined ? Promise.resolve() : this.#end(slot.child);
      }),
    );
  }

  #launch(slot: Slot): Promise<void> {
    const child = fork(process.argv[1] as string, this.#options.argv(slot.number), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    slot.child = child;
    slot.startedAt = Date.now();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let isServing = false;
    child.once("message", () => {
      isServing = true;
      resolve();
    });
    child.once("exit", (code, signal) => {
      if (!isServing) reject(new ChildExit(code ?? 1));
      else if (slot.child === child) this.#crashed(slot, code, signal);
    });
    return promise;
  }

  #crashed(slot: Slot, code: number | null, signal: string | null): void {
    slot.child = undefined;
    if (this.#isStopping) return;
    if (Date.now() - slot.startedAt > steadyMs) slot.delayMs = firstDelayMs;
    this.#options.note(`instance ${slot.number} ended (${signal ?? `exit code ${code}`}); starting it again in ${slot.delayMs / 1000} s`);
    slot.timer = setTimeout(() => {
      this.#launch(slot).catch((error: unknown) => this.#crashed(slot, error instanceof ChildExit ? error.code : 1, null));
    }, slot.delayMs);
    slot.delayMs = Math.min(longestDelayMs, slot.delayMs * 2);
  }

  async #end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), this.#options.graceMs);
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
