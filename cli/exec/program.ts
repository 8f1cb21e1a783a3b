import { type ChildProcess, spawn } from "node:child_process";
import { GateError } from "unigate/transport";
import type { JobContext } from "unigate/worker";
import { forEachLine } from "../supervise/lines.ts";
import { cancelLine, jobLine, type Message, parseMessage, type ProgramMethod } from "./messages.ts";
import { errorOf, ProgramJob } from "./program-job.ts";

const firstDelayMs = 1000;
const longestDelayMs = 30_000;
/** A program that lived this long starts its back-off anew, in ms. */
const steadyMs = 10_000;
/** The longest line of an answer, in characters. */
const longestLine = 64 * 1024 * 1024;

/** What to run, and how patiently. */
export interface ProgramOptions {
  command: string;
  args: readonly string[];
  /** How long the program may keep a job that was cancelled before it is killed, in ms. */
  graceMs: number;
  readonly note: (text: string) => void;
}

/** What a program says of itself before its first answer. */
export interface Hello {
  service: string | undefined;
  methods: ProgramMethod[];
}

/**
 * A program that does jobs: one line in per job, lines out.
 *
 * It is *up* from its start until it ends; while it is not, jobs fail as `unavailable`. When it ends by itself, its jobs fail the same
 * way, and it is started again: after 1 s, doubling to 30 s for one that keeps ending. While a reader is behind, nothing more is read
 * from it, so that its own writing waits.
 */
export class Program {
  readonly #options: ProgramOptions;
  readonly #jobs = new Map<number, ProgramJob>();
  readonly #greeting = Promise.withResolvers<Hello>();
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delayMs = firstDelayMs;
  #lastId = 0;
  #isStopping = false;

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.#greeting.promise.catch(() => {});
  }

  /** Starts the program; rejects when it cannot be run. */
  async start(): Promise<void> {
    const child = this.#launch();
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
  }

  /** What it says of itself; rejects when it ends before. */
  get hello(): Promise<Hello> {
    return this.#greeting.promise;
  }

  /** Gives it a job; resolves with the result or with a stream, once the program has said which. */
  async run(method: string, args: readonly unknown[], context: JobContext): Promise<unknown> {
    const child = this.#child;
    if (child === undefined) throw new GateError("unavailable", `${this.#options.command} has ended and is started again soon`);
    const job = new ProgramJob(++this.#lastId, () => this.#listen());
    this.#jobs.set(job.id, job);
    child.stdin?.write(jobLine(job.id, method, args, context));
    const { signal } = context;
    const cancel = (): void => this.#cancel(job, child, signal.reason);
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
    return await job.answer;
  }

  /** Ends its input and lets it leave; resolves when it has gone, which `kill` hastens. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once("close", resolve));
    child.stdin?.end();
    await gone;
  }

  /** Ends it at once. */
  kill(): void {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    if (this.#child !== undefined) kill(this.#child);
  }

  #launch(): ChildProcess {
    const { command, args } = this.#options;
    const startedAt = performance.now();
    // In a group of its own: Ctrl-C in a terminal would end it under its jobs, and what it starts is to end with it.
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], detached: true });
    this.#child = child;
    // A program that ends with input unread is told by its end.
    child.stdin.on("error", () => {});
    child.once("error", () => {});
    forEachLine(child.stdout, (line) => this.#hear(child, line), longestLine);
    child.once("close", (code, signal) => this.#ended(child, signal ?? `exit code ${code}`, performance.now() - startedAt));
    return child;
  }

  #hear(child: ChildProcess, line: string): void {
    if (child !== this.#child || line.trim() === "") return;
    if (line.length >= longestLine) {
      this.#options.note(`${this.#options.command} wrote a line of more than ${longestLine / 1024 / 1024} MiB; killing it`);
      return kill(child);
    }
    const message = parseMessage(line);
    if (message === undefined) this.#options.note(`${this.#options.command} wrote what is no answer: ${line.slice(0, 200)}`);
    else if (message.kind === "hello") this.#greeting.resolve(message);
    else this.#answer(message, line.length);
  }

  #answer(message: Exclude<Message, { kind: "hello" }>, size: number): void {
    // A program that does one job at a time need not name it.
    const id = message.id ?? (this.#jobs.size === 1 ? this.#jobs.keys().next().value : undefined);
    const job = id === undefined ? undefined : this.#jobs.get(id);
    if (job === undefined) {
      this.#options.note(`${this.#options.command} answered job ${id ?? "without an id"}, which does not run`);
      return;
    }
    if (message.kind === "chunk") return job.chunk(message.value, size);
    this.#jobs.delete(job.id);
    if (message.kind === "result") job.result(message.value);
    else if (message.kind === "end") job.end();
    else job.fail(errorOf(message.error));
    this.#listen();
  }

  #cancel(job: ProgramJob, child: ChildProcess, reason: unknown): void {
    if (!this.#jobs.has(job.id)) return;
    job.cancel(reason);
    child.stdin?.write(cancelLine(job.id, GateError.from(reason).message));
    setTimeout(() => {
      if (!this.#jobs.has(job.id) || child !== this.#child) return;
      this.#options.note(`${this.#options.command} has not let go of a cancelled job within ${this.#options.graceMs / 1000} s; killing it`);
      kill(child);
    }, this.#options.graceMs).unref();
  }

  /** Reads on, or stops reading while a reader is behind. */
  #listen(): void {
    const isFull = [...this.#jobs.values()].some((job) => job.isFull);
    if (isFull) this.#child?.stdout?.pause();
    else this.#child?.stdout?.resume();
  }

  #ended(child: ChildProcess, how: string, livedMs: number): void {
    if (child !== this.#child) return;
    this.#child = undefined;
    const { command, note } = this.#options;
    this.#greeting.reject(new Error(how));
    for (const [id, job] of this.#jobs) {
      this.#jobs.delete(id);
      job.fail(new GateError("unavailable", `${command} ended (${how}) while it ran this job`));
    }
    if (this.#isStopping) return;
    if (livedMs > steadyMs) this.#delayMs = firstDelayMs;
    note(`${command} ended (${how}); starting it again in ${this.#delayMs / 1000} s`);
    this.#timer = setTimeout(() => this.#launch(), this.#delayMs);
    this.#delayMs = Math.min(longestDelayMs, this.#delayMs * 2);
  }
}

/** Kills the program and everything in its group. */
function kill(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}
