import type { Clock, Logger, Timer } from "unigate/transport";

/** When a server is taken out of rotation. */
export interface HealthLimits {
  /** Calls in a row without an answer. */
  failures: number;
  /** For how long, in ms; each time in a row twice as long, 32 times at most. */
  ejectMs: number;
}

/** What one server's health needs of those around it. */
export interface HealthHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly address: string;
  /** No other server of the upstream is up. */
  isLast(): boolean;
  /** It is the last that is up, and has failed as well: whoever is ejected may be no worse. */
  lastFailed(): void;
  /** It went up or down, or its trial goes on. */
  changed(): void;
}

const maxDoublings = 5;

/**
 * The health of one server.
 *
 * It is *up*; after `failures` calls in a row without an answer it is *ejected* for `ejectMs`. Then it is *on trial*: one call at once, and
 * with each answer twice as many, until it has all of its room again; one failure ejects it anew. A sign of life, a connection that opens
 * say, ends the ejection early. The last server that is up is never ejected: a bad answer is better than none; when it fails, the others
 * are on trial at once. What the server says of itself stands above all that: *not serving*, it gets no calls
 * until it says otherwise.
 */
export class ServerHealth {
  readonly #limits: HealthLimits;
  readonly #host: HealthHost;
  #failed = 0;
  #ejections = 0;
  #isEjected = false;
  #wasTriedEarly = false;
  #isServing = true;
  #trial = Infinity;
  #timer: Timer | undefined;

  constructor(limits: HealthLimits, host: HealthHost) {
    this.#limits = limits;
    this.#host = host;
  }

  get isUp(): boolean {
    return this.#isServing && !this.#isEjected;
  }

  /** Calls at once that it is trusted with; `Infinity` for all of its room. */
  get trial(): number {
    return this.#trial;
  }

  /** It answered, or it did not; `size` is all of its room. */
  observed(isAlive: boolean, size: number, reason = "it does not answer"): void {
    if (!isAlive) return this.#failedOnce(reason);
    this.#failed = 0;
    this.#wasTriedEarly = false;
    if (this.#isEjected) return this.#readmit();
    if (this.#trial === Infinity) return;
    this.#trial *= 2;
    if (this.#trial >= size) {
      this.#trial = Infinity;
      this.#ejections = 0;
    }
    this.#host.changed();
  }

  /** What it says of itself. */
  told(isServing: boolean): void {
    if (isServing === this.#isServing) return;
    this.#isServing = isServing;
    this.#host.logger.info(isServing ? "upstream serves" : "upstream says that it does not serve", { upstream: this.#host.address });
    this.#host.changed();
  }

  /** Ends its ejection before its time: once, until it answers or its time has come, or a dead server would be tried with every call. */
  tryEarly(): void {
    if (!this.#isEjected || this.#wasTriedEarly) return;
    this.#wasTriedEarly = true;
    this.#readmit();
  }

  close(): void {
    this.#timer?.clear();
  }

  #failedOnce(reason: string): void {
    this.#failed++;
    const isOnTrial = this.#trial !== Infinity;
    if (this.#isEjected || (this.#failed < this.#limits.failures && !isOnTrial)) return;
    if (this.#host.isLast()) {
      // Nobody is to queue for one server on trial.
      this.#trial = Infinity;
      this.#host.changed();
      return this.#host.lastFailed();
    }
    this.#isEjected = true;
    const forMs = this.#limits.ejectMs * 2 ** Math.min(this.#ejections++, maxDoublings);
    this.#host.logger.warn("upstream ejected", { upstream: this.#host.address, forMs, reason });
    this.#timer = this.#host.clock.after(forMs, () => {
      this.#wasTriedEarly = false;
      this.#readmit();
    });
    this.#host.changed();
  }

  #readmit(): void {
    this.#timer?.clear();
    this.#isEjected = false;
    this.#failed = 0;
    this.#trial = 1;
    this.#host.logger.info("upstream on trial", { upstream: this.#host.address });
    this.#host.changed();
  }
}
