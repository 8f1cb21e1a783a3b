/** A connection that is looked after. */
export interface Watched {
  readonly connecting: boolean;
  readonly destroyed: boolean;
  readonly socket: { readonly bytesRead: number };
  ping(answered: () => void): boolean;
  destroy(reason: Error): void;
}

/** Time for the answer to a ping, in ms. */
const answerMs = 20_000;

/**
 * Finds a connection whose server no longer answers, although it is open: a process that is stopped, a cable that is out.
 *
 * Bytes count as life, so that a busy connection is never pinged: servers take pings without need for an attack.
 */
export class Keepalive {
  readonly #session: Watched;
  readonly #afterMs: number;
  #heardBytes = -1;
  #heardAt = 0;
  #isAsked = false;

  /** `afterMs`: silence before a ping, `Infinity` for none. */
  constructor(session: Watched, afterMs: number) {
    this.#session = session;
    this.#afterMs = afterMs;
  }

  /** Looks at the connection; call it now and then while calls run on it. */
  look(now: number): void {
    if (this.#afterMs === Infinity || this.#session.connecting || this.#session.destroyed) return;
    const bytes = this.#session.socket.bytesRead;
    if (bytes !== this.#heardBytes) {
      this.#heardBytes = bytes;
      this.#heardAt = now;
      this.#isAsked = false;
      return;
    }
    const silentMs = now - this.#heardAt;
    if (silentMs >= this.#afterMs + answerMs) this.#session.destroy(new Error(`no answer to a ping in ${answerMs} ms`));
    else if (silentMs >= this.#afterMs && !this.#isAsked) this.#isAsked = this.#session.ping(() => {});
  }

  /** Nothing runs on the connection: its silence says nothing. */
  rest(): void {
    this.#heardBytes = -1;
  }
}
