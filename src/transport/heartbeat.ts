import type { Clock, Timer } from "../observe/clock.ts";

/** Beats without an answer after which a peer counts as silent. */
export const silentAfterBeats = 3;

/** What a heartbeat tells its session. */
export interface HeartbeatHandler {
  /** Send a ping with this nonce. */
  beat(nonce: number): void;
  /** `silentAfterBeats` pings in a row came back unanswered. Called once until `alive`. */
  silent(): void;
  /** A silent peer answered again. */
  alive(): void;
  /** `lostAfterBeats` pings in a row came back unanswered. Called once until `alive`. */
  lost(): void;
}

/**
 * Tells whether a peer still serves: every beat sends a ping through the same ordered channel as jobs, and only its answer counts.
 *
 * What the peer sends of its own accord proves nothing: a half-open link lets it talk while it hears nothing of us.
 * Beats are counted by our own timer as it fires, so a pause of this process is not held against the peer.
 */
export class Heartbeat {
  readonly #handler: HeartbeatHandler;
  readonly #lostAfterBeats: number;
  readonly #timer: Timer;
  #nonce = 0;
  #answered = 0;
  #missed = 0;

  constructor(clock: Clock, periodMs: number, lostAfterBeats: number, handler: HeartbeatHandler) {
    this.#handler = handler;
    this.#lostAfterBeats = lostAfterBeats;
    this.#timer = clock.every(periodMs, () => this.#beat());
    this.#beat();
  }

  /** Pings without an answer since the last answered one. */
  get missed(): number {
    return this.#missed;
  }

  /** Pings up to the last answered one. */
  get answered(): number {
    return this.#answered;
  }

  answer(nonce: number): void {
    if (nonce > this.#nonce || nonce <= this.#answered) return;
    this.#answered = nonce;
    const wasSilent = this.#missed >= silentAfterBeats;
    this.#missed = Math.max(0, this.#nonce - nonce);
    if (wasSilent && this.#missed < silentAfterBeats) this.#handler.alive();
  }

  stop(): void {
    this.#timer.clear();
  }

  #beat(): void {
    this.#missed = this.#nonce - this.#answered;
    if (this.#missed === silentAfterBeats) this.#handler.silent();
    if (this.#missed === this.#lostAfterBeats) this.#handler.lost();
    this.#nonce++;
    this.#handler.beat(this.#nonce);
  }
}
