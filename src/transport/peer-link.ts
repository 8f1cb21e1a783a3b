import { GateError } from "../error/gate-error.ts";
import type { Job } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Clock, Timer } from "../observe/clock.ts";
import type { Random } from "../observe/random.ts";
import type { Hello, Welcome } from "../protocol/messages.ts";
import { protocolVersion } from "../protocol/record.ts";
import type { Connection } from "./connection.ts";
import { Session } from "./session.ts";
import type { SessionHandler } from "./session-options.ts";

const connectTimeoutMs = 5000;
const firstDelayMs = 50;
/** Shorter than the time that a gate waits for its workers after a start (`settle`). */
const longestDelayMs = 2000;
/** Until the gate names its limit, in bytes. */
const maxRecordBytes = 1024 * 1024 * 1024;

/** What a client or worker does with its link. */
export interface PeerLinkHandler {
  job(job: Job, sink: ReplySink): JobControl;
  /** A new session is open; nothing of an earlier one is left. */
  up(session: Session, welcome: Welcome): void;
  /** The gate wants us to finish what runs, and leave. */
  askedToDrain?(): void;
  /** The session is over, or could not be opened; another try follows unless `isFinal`. */
  down(error: GateError, isFinal: boolean): void;
}

/** Who we are, and where the gate is. */
export interface PeerLinkOptions {
  url: URL;
  id: string;
  incarnation: string;
  /** What we are, for people: `unigate/0.1.0 node/26.1.0`. */
  agent: string;
  /** Lets us in where the gate has keys. */
  key: string | undefined;
  /** Makes the first connection; later ones too. */
  open: (url: URL, signal: AbortSignal) => Promise<Connection>;
  clock: Clock;
  random: Random;
  maxJobs: number;
  lostAfterBeats?: number;
  handler: PeerLinkHandler;
}

/**
 * The peer's side of a link that comes back: it opens a session, and another one with back-off whenever that is lost.
 *
 * Delays double from 50 ms to 2 s, each drawn between half and all of it, so that a thousand peers of a restarted gate do not
 * come at once ("Exponential Backoff And Jitter", M. Brooker 2015, "equal jitter").
 * A gate that is silent for three beats is left at once while no job runs, and after `lostAfterBeats` otherwise.
 */
export class PeerLink implements SessionHandler {
  readonly #options: PeerLinkOptions;
  #session: Session | undefined;
  #attempt = 0;
  #timer: Timer | undefined;
  #connecting: AbortController | undefined;
  #isClosed = false;
  /** A link keeps its process alive, also between two sessions, when nothing but an unreferenced timer is left. */
  readonly #keepAlive: ReturnType<typeof setInterval> = setInterval(() => {}, 2 ** 30);

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    void this.#connect();
  }

  /** The open session, or undefined while there is none. */
  get session(): Session | undefined {
    return this.#session?.isOpen === true ? this.#session : undefined;
  }

  /** Ends the session and never opens another. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#keepAlive);
    this.#timer?.clear();
    this.#connecting?.abort();
    this.#session?.close();
  }

  async #connect(): Promise<void> {
    const { url, id, incarnation, agent, key, clock, open, maxJobs, lostAfterBeats = 10 } = this.#options;
    const connecting = new AbortController();
    this.#connecting = connecting;
    const timer = clock.after(connectTimeoutMs, () => connecting.abort());
    try {
      const connection = await open(url, connecting.signal);
      if (this.#isClosed) return connection.close();
      const hello: Hello = { version: protocolVersion, id, incarnation, agent };
      if (key !== undefined) hello.key = key;
      this.#session = new Session(connection, { greeting: { hello }, handler: this, clock, maxRecordBytes, maxJobs, lostAfterBeats });
    } catch (error) {
      this.#lost(GateError.from(error, "unavailable"));
    } finally {
      timer.clear();
    }
  }

  // From the session.

  job(job: Job, sink: ReplySink): JobControl {
    return this.#options.handler.job(job, sink);
  }

  opened(welcome: Hello | Welcome): void {
    this.#attempt = 0;
    this.#options.handler.up(this.#session as Session, welcome as Welcome);
  }

  askedToDrain(): void {
    this.#options.handler.askedToDrain?.();
  }

  responsive(isResponsive: boolean): void {
    const session = this.#session;
    if (isResponsive || session === undefined) return;
    if (session.sentJobs === 0 && session.takenJobs === 0) session.close(new GateError("unavailable", "the gate is silent"));
  }

  closed(error: GateError | undefined): void {
    this.#session = undefined;
    this.#lost(error ?? new GateError("unavailable", "the gate closed the link"));
  }

  #lost(error: GateError): void {
    // A gate that refuses us for what we are will do so again.
    const isFinal = this.#isClosed || isRefusal(error);
    if (isFinal) {
      this.#isClosed = true;
      clearInterval(this.#keepAlive);
    } else {
      const full = Math.min(longestDelayMs, firstDelayMs * 2 ** this.#attempt++);
      this.#timer = this.#options.clock.after(full / 2 + (this.#options.random() * full) / 2, () => void this.#connect());
    }
    this.#options.handler.down(error, isFinal);
  }
}

function isRefusal({ code }: GateError): boolean {
  return code === "permission_denied" || code === "unauthenticated" || code === "already_exists" || code === "invalid_argument";
}
