import { type EndpointLink, GateError, type Job, type JobControl, Metadata, type ReplySink } from "unigate/transport";
import type { JobRun } from "../../src/dispatch/run.ts";
import type { Endpoint } from "../../src/registry/endpoint.ts";
import type { RecordingSink } from "./recording-sink.ts";

/** How a worker answers the jobs that come next: inside `send`, or later (`hold`). */
export type Mood = "hold" | "end" | "refuse" | "fail" | "chunk";

/** One caller's job, and everything that the law says of it. */
export interface Call {
  index: number;
  target: string;
  isIdempotent: boolean;
  version: string | undefined;
  sink: RecordingSink;
  control: JobControl | undefined;
  /** Times it reached a worker, and times a worker may have begun it. */
  sends: number;
  starts: number;
  /** Pieces of input that its caller has sent. */
  inputs: number;
  open: Sent | undefined;
  readonly calledAt: number;
  readonly deadline: number;
  orphanedSince: number | undefined;
  isJudged: boolean;
}

/** One call at one worker. */
export interface Sent {
  call: Call;
  worker: WorldWorker;
  sink: ReplySink;
  hasReplied: boolean;
  /** Pieces of input that have arrived. */
  inputs: number;
  isCancelled: boolean;
}

/** Who judges what reaches a worker. */
export interface WorldLedger {
  readonly breaches: string[];
  reached(worker: WorldWorker, job: Job, sink: ReplySink): Sent;
}

/** A worker whose link answers as its mood says, and keeps the contract of a link whatever comes. */
export class WorldWorker implements EndpointLink {
  readonly id: string;
  readonly incarnation = "1";
  readonly transport = "test";
  readonly address = "test";
  readonly open: Sent[] = [];
  endpoint: Endpoint | undefined;
  mood: Mood = "hold";
  /** It ends a cancelled job inside `cancel`, or only when the test says so. */
  letsGoAtOnce = false;
  isDead = false;
  readonly #world: WorldLedger;

  constructor(world: WorldLedger, id: string) {
    this.#world = world;
    this.id = id;
  }

  send(job: Job, sink: ReplySink): JobControl {
    // The registry hands out the first job before its `join` returns.
    this.endpoint ??= (sink as JobRun).endpoint;
    const sent = this.#world.reached(this, job, sink);
    this.open.push(sent);
    this.#answer(sent);
    return {
      cancel: () => {
        sent.isCancelled = true;
        if (this.letsGoAtOnce) this.fail(sent, "cancelled");
      },
      resume: () => {},
      input: () => {
        if (sent.call.open !== sent && !sent.call.sink.hasEnded)
          this.#world.breaches.push(`input of job ${sent.call.index} went to a former worker`);
        sent.inputs++;
        return true;
      },
      endInput: () => {},
    };
  }

  end(sent: Sent): void {
    if (this.#close(sent)) sent.sink.end(new Uint8Array(0));
  }

  fail(sent: Sent, code: "unavailable" | "internal" | "cancelled" | "resource_exhausted", neverStarted = false): void {
    if (this.#close(sent, neverStarted)) sent.sink.fail(new GateError(code, "as the test wishes"), neverStarted);
  }

  chunk(sent: Sent): void {
    if (!this.open.includes(sent)) return;
    sent.hasReplied = true;
    sent.sink.chunk(new Uint8Array(1));
  }

  head(sent: Sent): void {
    if (!this.open.includes(sent) || sent.hasReplied) return;
    sent.hasReplied = true;
    sent.sink.head?.(Metadata.empty);
  }

  #answer(sent: Sent): void {
    if (this.mood === "end") this.end(sent);
    else if (this.mood === "refuse") this.fail(sent, "unavailable", true);
    else if (this.mood === "fail") this.fail(sent, "unavailable");
    else if (this.mood === "chunk") this.chunk(sent);
  }

  #close(sent: Sent, neverStarted = false): boolean {
    const at = this.open.indexOf(sent);
    if (at < 0) return false;
    this.open.splice(at, 1);
    sent.call.open = undefined;
    if (!neverStarted) sent.call.starts++;
    return true;
  }
}
