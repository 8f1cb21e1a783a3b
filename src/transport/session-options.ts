import type { GateError } from "../error/gate-error.ts";
import type { Job } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Clock } from "../observe/clock.ts";
import type { Traffic } from "./traffic.ts";
import type { Hello, ServeDeclaration, Welcome } from "../protocol/messages.ts";

/** What the owner of a session does with it: the gate, a client or a worker. */
export interface SessionHandler {
  /** The peer sent a job; answer through `sink`. */
  job(job: Job, sink: ReplySink): JobControl;
  /** The handshake is done. The gate learns who the peer is, the peer learns the gate's rules. */
  opened?(peer: Hello | Welcome): void;
  served?(declaration: ServeDeclaration): void;
  withdrawn?(methods: readonly string[]): void;
  /** The peer missed three beats (false), or serves again (true). Running jobs go on. */
  responsive?(isResponsive: boolean): void;
  /** The peer finishes what runs and takes nothing new. */
  draining?(): void;
  /** The gate wants us to finish what runs, and leave. */
  askedToDrain?(): void;
  /** The session is over, and its jobs are about to be told: send nothing through it any more. */
  closing?(): void;
  /** Comes exactly once; every job that we sent has failed by then, every job that we took has been cancelled. */
  closed(error: GateError | undefined): void;
}

/** How this side opens: a gate answers each hello, a peer says it. */
export type Greeting = { readonly hello: Hello } | { welcome(hello: Hello): Welcome };

/** What a session needs besides its connection. */
export interface SessionOptions {
  greeting: Greeting;
  handler: SessionHandler;
  clock: Clock;
  /** Largest record in either direction, in bytes, until the gate says otherwise. */
  maxRecordBytes: number;
  /** Jobs of the peer that run at once; one more is refused with `resource_exhausted`. */
  maxJobs: number;
  /** Beats without an answer after which running jobs are given up. */
  lostAfterBeats: number;
  /** Counts what crosses the link; default of its own. */
  traffic?: Traffic;
}
