import { type Clock, type Duration, GateError, parseDuration, type Random, systemClock, systemRandom, type Timer } from "unigate/transport";
import { beforeExit } from "./exit-hook.ts";
import { askGate, gateHeaders, gateUrl } from "./gate-request.ts";

/** How a service registers. */
export interface RegisterOptions {
  /** Of the service. */
  name: string;
  /** At which this instance listens, as the gate reaches it. */
  url: string;
  /** URL of the gate, with its control prefix when it has one; default `$GATE_URL` when it is an HTTP one, else `http://127.0.0.1:9000`. */
  gate?: string;
  /** For a gate that wants one; default `$GATE_KEY`. */
  key?: string;
  /** Methods that any caller of the gate may call: `{ add: { http: "GET /add/{a}/{b}" } }`. */
  methods?: Readonly<Record<string, { http: string }>>;
  version?: string;
  weight?: number;
  metadata?: Readonly<Record<string, unknown>>;
  /** Between two heartbeats; default `"10s"`. The gate gives the instance up when three have not come. */
  every?: Duration;
  /** Withdraws on SIGINT, SIGTERM and the natural end of the process; default true. */
  withdrawsOnExit?: boolean;
  /** Hears why a heartbeat failed; the next one is on its way by itself. */
  onProblem?: (error: GateError) => void;
  clock?: Clock;
  random?: Random;
}

/** A service that keeps itself registered. */
export interface RegisteredService {
  /** True from a heartbeat that arrived to one that failed. */
  readonly isRegistered: boolean;
  /** Resolves once the gate has taken the service in, however long that takes; rejects when it refuses it, or after `close`. */
  whenRegistered(): Promise<void>;
  /** Withdraws the service; resolves when the gate knows, or cannot be reached. */
  close(): Promise<void>;
}

/** The first pause after a failed heartbeat, in ms; it doubles up to the interval. */
const firstPauseMs = 200;
/** For an answer of the gate, in ms. */
const answerMs = 5000;
/** For a withdrawal: nobody wants to wait for it, in ms. */
const farewellMs = 1000;

/**
 * Registers an HTTP service at a gate and keeps it registered: through the gate's absence and its restarts, until `close`.
 *
 * Heartbeats come with a jitter of a tenth, so that many services do not beat at once. They keep no process alive.
 *
 * @example
 * ```ts
 * import { registerService } from "unigate/service";
 *
 * registerService({ name: "calc_server", url: "http://10.0.0.7:8080", gate: "http://gate:9000" });
 * ```
 */
export function registerService(options: RegisterOptions): RegisteredService {
  return new Registering(options);
}

class Registering implements RegisteredService {
  readonly #options: RegisterOptions;
  readonly #endpoint: string;
  readonly #body: string;
  readonly #everyMs: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #unhook: () => void;
  readonly #first = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  #timer: Timer | undefined;
  #beating: Promise<void>;
  #failures = 0;
  #isRegistered = false;
  #closed: Promise<void> | undefined;

  constructor(options: RegisterOptions) {
    const { name, url, methods, version, weight, metadata, every = "10s", withdrawsOnExit = true } = options;
    const everyMs = parseDuration(every) ?? 0;
    if (everyMs <= 0)
      throw new GateError("invalid_argument", `every: ${JSON.stringify(every)} is not a duration above zero; write one such as "10s"`);
    this.#options = options;
    this.#everyMs = everyMs;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#endpoint = `${gateUrl(options.gate)}/register`;
    this.#body = JSON.stringify({ name, service: url, keepalive_time: everyMs / 1000, methods, version, weight, metadata });
    // Nobody has to wait for it.
    this.#first.promise.catch(() => {});
    this.#unhook = withdrawsOnExit ? beforeExit(() => this.close()) : () => {};
    this.#beating = this.#beat();
  }

  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  whenRegistered(): Promise<void> {
    return this.#first.promise;
  }

  close(): Promise<void> {
    this.#closed ??= this.#withdraw();
    return this.#closed;
  }

  async #beat(): Promise<void> {
    try {
      await this.#send("POST", AbortSignal.any([this.#closing.signal, AbortSignal.timeout(answerMs)]));
      this.#failures = 0;
      this.#isRegistered = true;
      this.#first.resolve();
    } catch (thrown) {
      if (this.#closed !== undefined) return;
      this.#failed(GateError.from(thrown, "unavailable"));
    }
    if (this.#closed === undefined) this.#timer = this.#clock.after(this.#pauseMs(), () => void (this.#beating = this.#beat()));
  }

  #failed(error: GateError): void {
    this.#failures++;
    this.#isRegistered = false;
    if (!error.retryable && error.code !== "deadline_exceeded") this.#first.reject(error);
    this.#options.onProblem?.(error);
  }

  #pauseMs(): number {
    const pauseMs = this.#failures === 0 ? this.#everyMs : Math.min(this.#everyMs, firstPauseMs * 2 ** (this.#failures - 1));
    return pauseMs * (0.9 + 0.2 * this.#random());
  }

  async #withdraw(): Promise<void> {
    this.#timer?.clear();
    this.#closing.abort();
    this.#first.reject(new GateError("cancelled", `${this.#options.name} was closed before the gate had taken it in`));
    await this.#beating;
    // A gate that is away needs no withdrawal: it will not have heard of us.
    await this.#send("DELETE", AbortSignal.timeout(farewellMs)).catch(() => {});
    this.#isRegistered = false;
    this.#unhook();
  }

  async #send(method: string, signal: AbortSignal): Promise<void> {
    const headers = { "content-type": "application/json", ...gateHeaders(this.#options.key) };
    await askGate(this.#endpoint, { method, headers, body: this.#body, signal });
  }
}
