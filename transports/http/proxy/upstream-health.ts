import { type Clock, type Endpoint, GateError, type Logger, type Timer } from "unigate/transport";

/** How failing servers are found and let back in. Times in ms. */
export interface HealthSettings {
  /** Checked with GET; undefined for no checks of our own. */
  path: string | undefined;
  intervalMs: number;
  timeoutMs: number;
  failures: number;
  ejectMs: number;
}

/** What one server's health needs of those around it. */
export interface HealthHost {
  readonly clock: Clock;
  readonly logger: Logger;
  /** No other server of the route is up. */
  isLast(): boolean;
  /** Calls `tryEarly` of every other server of the route. */
  tryOthers(): void;
  /** Asks the server for `path`; resolves with the status, rejects when there is no response in time. */
  probe(path: string, timeoutMs: number): Promise<number>;
}

/** Ejections in a row that make the next one longer. */
const maxDoublings = 5;

/**
 * The health of one upstream server, and so the state of its endpoint.
 *
 * It is *up*; after `failures` requests in a row without a response it is *ejected*: no jobs, for `ejectMs`, each time in a row twice as
 * long. Then it is *on trial*: one job at once, and with each response twice as many, until it has all of its room again. One failure
 * on trial ejects it anew. Where there is a path to check, an ejected server stays out until a check succeeds, and a server whose checks
 * fail `failures` times in a row is ejected.
 *
 * When the last server that is up fails, the ejected ones get their trial early: some may be back. The last one is never ejected by requests
 * and has all of its room: a bad answer is better than none.
 */
export class UpstreamHealth {
  readonly #settings: HealthSettings;
  readonly #host: HealthHost;
  readonly #endpoint: Endpoint;
  readonly #capacity: number;
  #failed = 0;
  #failedChecks = 0;
  #ejections = 0;
  #isEjected = false;
  /** It has had a trial before its time, and has not answered since. */
  #wasTriedEarly = false;
  #timer: Timer | undefined;
  #checks: Timer | undefined;
  #isChecking = false;

  constructor(endpoint: Endpoint, settings: HealthSettings, host: HealthHost) {
    this.#endpoint = endpoint;
    this.#capacity = endpoint.capacity;
    this.#settings = settings;
    this.#host = host;
    if (settings.path !== undefined) this.#checks = host.clock.every(settings.intervalMs, () => void this.#check(settings.path as string));
  }

  /** Hears how an exchange went. */
  observed(outcome: number | GateError): void {
    if (typeof outcome === "number") this.#succeeded();
    else if (outcome.code !== "invalid_argument") this.#failedOnce(outcome);
  }

  /** Puts an ejected server on trial now: it may live, or there is none better. Once, until it answers or its time has come. */
  tryEarly(): void {
    if (!this.#isEjected || this.#wasTriedEarly || this.#settings.path !== undefined) return;
    this.#wasTriedEarly = true;
    this.#timer?.clear();
    this.#readmit();
  }

  close(): void {
    this.#timer?.clear();
    this.#checks?.clear();
  }

  #succeeded(): void {
    this.#failed = 0;
    this.#wasTriedEarly = false;
    if (this.#isEjected || this.#endpoint.capacity >= this.#capacity) return;
    this.#grant(Math.min(this.#endpoint.capacity * 2, this.#capacity));
    if (this.#endpoint.capacity === this.#capacity) this.#ejections = 0;
  }

  #failedOnce(error: GateError): void {
    this.#failed++;
    const isOnTrial = this.#endpoint.capacity < this.#capacity;
    if (this.#isEjected || (this.#failed < this.#settings.failures && !isOnTrial)) return;
    if (this.#host.isLast()) this.#host.tryOthers();
    if (this.#host.isLast()) this.#grant(this.#capacity);
    else this.#eject(error.message);
  }

  #grant(capacity: number): void {
    this.#endpoint.capacity = capacity;
    this.#endpoint.refresh();
  }

  #eject(reason: string): void {
    const forMs = this.#settings.ejectMs * 2 ** Math.min(this.#ejections++, maxDoublings);
    this.#isEjected = true;
    this.#host.logger.warn("upstream ejected", { upstream: this.#endpoint.id, forMs, reason });
    this.#endpoint.setState("down");
    if (this.#settings.path === undefined) this.#timer = this.#host.clock.after(forMs, () => this.#readmitInTime());
  }

  #readmitInTime(): void {
    this.#wasTriedEarly = false;
    this.#readmit();
  }

  #readmit(): void {
    this.#isEjected = false;
    this.#failed = 0;
    this.#failedChecks = 0;
    this.#endpoint.capacity = 1;
    this.#host.logger.info("upstream on trial", { upstream: this.#endpoint.id });
    this.#endpoint.setState("ready");
  }

  async #check(path: string): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      const status = await this.#host.probe(path, this.#settings.timeoutMs);
      if (status >= 400) throw new GateError("unavailable", `its check ${path} answers ${status}`);
      this.#failedChecks = 0;
      if (this.#isEjected) this.#readmit();
    } catch (error) {
      this.#failedChecks++;
      if (!this.#isEjected && this.#failedChecks >= this.#settings.failures) this.#eject(GateError.from(error).message);
    } finally {
      this.#isChecking = false;
    }
  }
}
