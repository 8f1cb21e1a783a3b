/**
 * The life of a job in the gate, in one state machine.
 *
 * A run is *waiting* (accepted; in a queue, or about to be placed), then *running* on an endpoint, then ended as one of
 * *completed*, *failed*, *cancelled*, *expired*. It ends exactly once, and the caller's sink hears that end at that moment.
 *
 * | from | what happens | to |
 * |---|---|---|
 * | waiting | the dispatcher places it | running |
 * | waiting, running | the caller cancels | cancelled |
 * | waiting, running | its deadline passes | expired |
 * | waiting | the dispatcher refuses it (queue full, no worker) | failed |
 * | running | the endpoint ends it | completed |
 * | running | the endpoint fails it, and it may run again | waiting |
 * | running | the endpoint fails it | failed |
 * | running | the caller's sink throws | failed |
 *
 * The endpoint is a second, shorter thread: it is *occupied* from the placement until the endpoint says `end` or `fail`, even when
 * the caller has been answered long before (cancelled, expired). Only then is its place given back, once per placement.
 */
import type { Code } from "../error/code.ts";
import { GateError } from "../error/gate-error.ts";
import type { DeadlineEntry } from "../job/deadline-wheel.ts";
import type { Job } from "../job/job.ts";
import type { Metadata } from "../job/metadata.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Endpoint } from "../registry/endpoint.ts";
import type { Balancer } from "../strategy/strategy.ts";
import { sendTo } from "./placement.ts";
import { sinkThrew } from "./refusals.ts";
import { ReplayWindow } from "./replay-window.ts";
import type { JobState, RunOwner } from "./run-owner.ts";
import type { Target } from "./target.ts";

/** One job under way: the sink of its endpoint and the control of its caller at once. */
export class JobRun implements ReplySink, JobControl, DeadlineEntry {
  readonly job: Job;
  readonly #sink: ReplySink;
  readonly #owner: RunOwner;
  #state: JobState = "waiting";
  #control: JobControl | undefined;
  /** The answer has not begun, and the input that has been sent is still here. */
  #canReplay = true;
  #startedAt = 0;
  #heldInput: Uint8Array[] | undefined;
  #sentInput: ReplayWindow | undefined;
  #hasInputEnded = false;

  /** Where it belongs; undefined while nobody knows its target. */
  target: Target | undefined = undefined;
  /** Who occupies it: from the placement until the endpoint has let go. */
  endpoint: Endpoint | undefined = undefined;
  /** Id of the endpoint that runs it or ran it last. */
  worker: string | undefined = undefined;
  /** Placements so far. */
  attempts = 0;
  /** Why it did not complete, once it has ended. */
  error: GateError | undefined = undefined;
  /** How the last placement ended: undefined for success. */
  code: Code | undefined;
  durationMs = 0;
  /** When the last placement ended, on the gate's clock. */
  releasedAt = 0;
  readonly acceptedAt: number;
  /** Grows with every run that is accepted: its place in a queue. */
  readonly order: number;
  isQueued = false;
  /** Since when no live worker could run it, while it waits; on the gate's clock. */
  orphanedSince: number | undefined = undefined;
  /** Until when it waits for a place, on the gate's clock. */
  roomBy: number = Infinity;
  /** The balancer that placed it, and so hears how it went. */
  balancer: Balancer | undefined = undefined;

  // Links of the deadline wheel, of the queue and of the open runs.
  wheelNext: DeadlineEntry | undefined = undefined;
  wheelPrevious: DeadlineEntry | undefined = undefined;
  queueNext: JobRun | undefined = undefined;
  queuePrevious: JobRun | undefined = undefined;
  openNext: JobRun | undefined = undefined;
  openPrevious: JobRun | undefined = undefined;

  constructor(job: Job, sink: ReplySink, owner: RunOwner, order: number) {
    this.job = job;
    this.#sink = sink;
    this.#owner = owner;
    this.acceptedAt = owner.now();
    this.order = order;
  }

  get state(): JobState {
    return this.#state;
  }

  get hasEnded(): boolean {
    return this.#state !== "waiting" && this.#state !== "running";
  }

  get route(): string | undefined {
    return this.target?.route.pattern;
  }

  /** The earlier of the job's own and that of its wait; take the run off the wheel before it changes. */
  get deadline(): number {
    return Math.min(this.job.deadline, this.roomBy);
  }

  // From the dispatcher.

  /** Places the run on `endpoint`, which may answer before this returns. */
  start(endpoint: Endpoint): void {
    this.#state = "running";
    this.endpoint = endpoint;
    this.worker = endpoint.id;
    const attempt = ++this.attempts;
    this.#startedAt = this.#owner.now();
    const control = sendTo(endpoint, this.job, this);
    if (control === undefined) return;
    // It has been answered already, or even failed and been placed elsewhere: this control is of no more use.
    if (this.endpoint === undefined || attempt !== this.attempts) return;
    this.#control = control;
    if (this.hasEnded) control.cancel("the caller has left");
    else if (this.job.streamsInput || this.#heldInput !== undefined) this.#sendHeldInput(control);
  }

  /** Ends a waiting run that will not be placed. */
  refuse(error: GateError): void {
    if (this.#state === "waiting") this.#endAs("failed", error);
  }

  // From the wheel.

  expire(): void {
    if (this.hasEnded) return;
    if (this.roomBy < this.job.deadline) return this.refuse(this.#owner.refusalOfWait(this));
    const where = this.#state === "waiting" ? "while it waited for a worker" : "while it ran";
    const control = this.#control;
    this.#endAs("expired", new GateError("deadline_exceeded", `the deadline of ${this.job.target} passed ${where}`));
    control?.cancel("deadline exceeded");
  }

  // From the caller.

  cancel(reason?: string): void {
    if (this.hasEnded) return;
    const control = this.#control;
    this.#endAs("cancelled", new GateError("cancelled", reason ?? "the caller cancelled"));
    control?.cancel(reason);
  }

  resume(): void {
    this.#control?.resume();
  }

  /** Input that comes before the run is placed is held; the caller then waits for `drained`, so one chunk at most is. */
  input(payload: Uint8Array): boolean {
    if (this.hasEnded) return true;
    if (this.#control === undefined) {
      (this.#heldInput ??= []).push(payload);
      return false;
    }
    this.#noteInput(payload);
    return this.#control.input?.(payload) ?? true;
  }

  endInput(): void {
    this.#hasInputEnded = true;
    this.#control?.endInput?.();
  }

  // From the endpoint.

  chunk(payload: Uint8Array): boolean {
    if (this.hasEnded) return true;
    this.#dropReplay();
    try {
      return this.#sink.chunk(payload);
    } catch (error) {
      this.#loseCaller(error);
      return true;
    }
  }

  head(metadata: Metadata): void {
    if (this.hasEnded) return;
    this.#dropReplay();
    try {
      this.#sink.head?.(metadata);
    } catch (error) {
      this.#loseCaller(error);
    }
  }

  end(payload?: Uint8Array, trailers?: Metadata): void {
    this.#release(undefined);
    if (this.hasEnded) return;
    this.#state = "completed";
    this.#owner.ended(this, false);
    try {
      this.#sink.end(payload, trailers);
    } catch (error) {
      this.#tellFailure(this.#unheard(error));
    }
  }

  fail(error: GateError, neverStarted = false): void {
    // A job that was taken back says nothing of its worker.
    if (error.code !== "cancelled")
      this.endpoint?.noteFailure({ at: this.#owner.now(), target: this.job.target, code: error.code, message: error.message });
    if (this.#state === "running" && this.#canReplay && this.#owner.mayRunAgain(this, error, neverStarted)) {
      this.#state = "waiting";
      // An endpoint that refuses at once has not had what is still held.
      this.#heldInput = this.#sentInput?.take() ?? this.#heldInput;
      // Back in its place before its endpoint has room again, or a job that came later would start before it.
      this.#owner.waitAgain(this);
      this.#release(error.code);
      return;
    }
    this.#release(error.code);
    if (!this.hasEnded) this.#endAs("failed", error, neverStarted);
  }

  drained(): void {
    if (this.hasEnded) return;
    try {
      this.#sink.drained?.();
    } catch (error) {
      this.#loseCaller(error);
    }
  }

  #noteInput(payload: Uint8Array): void {
    if (!this.#canReplay) return;
    this.#sentInput ??= new ReplayWindow();
    if (!this.#sentInput.add(payload)) this.#dropReplay();
  }

  #dropReplay(): void {
    this.#canReplay = false;
    this.#sentInput = undefined;
  }

  #sendHeldInput(control: JobControl): void {
    const held = this.#heldInput ?? [];
    this.#heldInput = undefined;
    let hasRoom = true;
    for (const payload of held) this.#noteInput(payload);
    for (const payload of held) {
      // An endpoint that refuses inside `input` loses the job, and all of its input with it.
      if (this.#control !== control) return;
      hasRoom = control.input?.(payload) ?? true;
    }
    if (this.#control !== control) return;
    if (this.#hasInputEnded) control.endInput?.();
    else if (hasRoom && held.length > 0) this.drained();
  }

  #release(code: Code | undefined): void {
    const { endpoint } = this;
    if (endpoint === undefined) return;
    this.code = code;
    this.releasedAt = this.#owner.now();
    this.durationMs = this.releasedAt - this.#startedAt;
    this.#control = undefined;
    this.endpoint = undefined;
    this.#owner.released(this, endpoint);
  }

  #endAs(state: "failed" | "cancelled" | "expired", error: GateError, neverStarted?: boolean): void {
    const wasWaiting = this.#state === "waiting";
    this.#state = state;
    this.error = error;
    this.#owner.ended(this, wasWaiting);
    this.#tellFailure(error, neverStarted);
  }

  /** A door that throws has broken its contract: its own job ends, and nobody else hears of it. */
  #loseCaller(thrown: unknown): void {
    if (this.hasEnded) return void this.#unheard(thrown);
    const control = this.#control;
    const error = sinkThrew(this.job, thrown);
    this.#endAs("failed", error);
    control?.cancel(error.message);
  }

  #tellFailure(error: GateError, neverStarted?: boolean): void {
    try {
      this.#sink.fail(error, neverStarted);
    } catch (thrown) {
      this.#unheard(thrown);
    }
  }

  /** The job has ended, and its caller may not know. */
  #unheard(thrown: unknown): GateError {
    this.error = sinkThrew(this.job, thrown);
    this.#owner.unheard(this);
    return this.error;
  }
}
