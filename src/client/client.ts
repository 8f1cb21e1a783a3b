import { type Duration, parseDuration } from "../config/duration.ts";
import { GateError } from "../error/gate-error.ts";
import { DeadlineWheel } from "../job/deadline-wheel.ts";
import { Job } from "../job/job.ts";
import { Metadata, type MetadataInit } from "../job/metadata.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import { type Clock, systemClock } from "../observe/clock.ts";
import { afterTurn } from "../observe/platform.ts";
import { type Random, systemRandom } from "../observe/random.ts";
import { randomId } from "../observe/random-id.ts";
import { msgpackType } from "../protocol/content-type.ts";
import { encodePayload } from "../protocol/payload.ts";
import { SlotTable } from "../protocol/slot-table.ts";
import type { Connection } from "../transport/connection.ts";
import { PeerLink, type PeerLinkHandler } from "../transport/peer-link.ts";
import type { Session } from "../transport/session.ts";
import { shownUrl } from "../transport/shown-url.ts";
import type { ServiceStatus } from "../transport/status.ts";
import { Call, type CallHost } from "./call.ts";
import type { CallObserver } from "./call-observer.ts";
import type { Remote, UntypedRemote } from "./remote.ts";

/** Times that an idempotent call is sent when links break under it. */
const maxAttempts = 5;

/** What may be said of a call besides its arguments. */
export interface CallOptions {
  /** Until the call fails as `deadline_exceeded`; default that of the client. `0` leaves it to the gate's route. */
  timeout?: Duration;
  signal?: AbortSignal;
  metadata?: MetadataInit;
  /** The call may run more than once: it is sent again when a link or a worker dies under it. */
  idempotent?: boolean;
}

/** How a client reaches its gate. */
export interface ClientOptions {
  /** Of every call that names none; default `"60s"`. */
  timeout?: Duration;
  /** Metadata of every call. */
  metadata?: MetadataInit;
  /** How long a call waits for a link before it fails as `unavailable`; default `"5s"`. */
  connectTimeout?: Duration;
  /** Calls that may wait for a link; one more fails as `resource_exhausted`; default 10 000. */
  maxWaiting?: number;
  /** For a gate that has keys; default `$GATE_KEY`. */
  key?: string;
  /** Its name in the gate's log; default random. */
  id?: string;
  /** Makes the connection instead of the URL's carrier: for a client inside the gate's process. */
  open?: (url: URL, signal: AbortSignal) => Promise<Connection>;
  /** Looks on while it calls. */
  observer?: CallObserver;
  clock?: Clock;
  random?: Random;
}

/** A client of a gate: any number of calls at once over one link that comes back by itself. */
export interface Client<Api = never> extends AsyncDisposable {
  /** The service `name` as an object of its methods; `options` hold for each of its calls. */
  service(name: string, options?: CallOptions): [Api] extends [never] ? UntypedRemote : Remote<Api>;
  /** Calls `Service.method` with positional arguments. */
  call<Result = unknown>(target: string, args?: readonly unknown[], options?: CallOptions): Call<Result>;
  /** Every service that the gate knows, with its methods. */
  discover(): Promise<ServiceStatus[]>;
  /** Resolves once the link is up. */
  ready(): Promise<void>;
  /** Ends the link; calls under way fail as `cancelled`. */
  close(): Promise<void>;
}

/** What the platform gives a client: how it reaches a gate, and what it calls itself. */
export interface ClientPlatform {
  open: (url: URL, signal: AbortSignal) => Promise<Connection>;
  /** For people: `unigate/0.1.0 node/26.1.0`. */
  agent: string;
}

/** Makes a client on any platform; `connect` is its face in Node, `unigate/browser` in a browser. */
export function createClient<Api = never>(url: URL, options: ClientOptions, platform: ClientPlatform): Client<Api> {
  return new LinkedClient(url, options, platform) as unknown as Client<Api>;
}

class LinkedClient implements Client, PeerLinkHandler, CallHost {
  readonly #url: URL;
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #wheel: DeadlineWheel;
  readonly #timeoutMs: number;
  readonly #connectTimeoutMs: number;
  readonly #metadata: Metadata;
  readonly #link: PeerLink;
  readonly #open = new SlotTable<Call<unknown>>();
  /** Calls that wait for a link, in order. */
  readonly #waiting = new Set<Call<unknown>>();
  readonly #readiness: (() => void)[] = [];
  #session: Session | undefined;
  #lastError: GateError | undefined;
  /** Why the gate has turned this client away for good. */
  #refusal: GateError | undefined;
  #isClosed = false;

  constructor(url: URL, options: ClientOptions, platform: ClientPlatform) {
    this.#url = url;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#wheel = new DeadlineWheel(this.#clock);
    this.#timeoutMs = milliseconds(options.timeout, 60_000, "timeout");
    this.#connectTimeoutMs = milliseconds(options.connectTimeout, 5000, "connectTimeout");
    this.#metadata = Metadata.from(options.metadata);
    this.#link = new PeerLink({
      url,
      id: options.id ?? `client-${randomId(4)}`,
      incarnation: randomId(8),
      agent: platform.agent,
      key: options.key,
      clock: this.#clock,
      random: options.random ?? systemRandom,
      maxJobs: 0,
      handler: this,
      open: options.open ?? platform.open,
    });
  }

  service(name: string, options: CallOptions = {}): UntypedRemote {
    const methods = new Map<string, (...args: unknown[]) => Call<unknown>>();
    return new Proxy<UntypedRemote>(Object.create(null) as UntypedRemote, {
      get: (_, method) => {
        // A service is no promise: `await client.service("x")` must not call a method named `then`.
        if (typeof method !== "string" || method === "then") return undefined;
        let call = methods.get(method);
        if (call === undefined) {
          const target = `${name}.${method}`;
          call = (...args) => this.call(target, args, options);
          methods.set(method, call);
        }
        return call;
      },
    });
  }

  call<Result>(target: string, args: readonly unknown[] = [], options: CallOptions = {}): Call<Result> {
    const timeoutMs = options.timeout === undefined ? this.#timeoutMs : milliseconds(options.timeout, 0, "timeout");
    const metadata = options.metadata === undefined ? this.#metadata : this.#metadata.with(options.metadata, true);
    const payload = encodePayload(args, msgpackType);
    const observation = this.#options.observer?.begin({ target, metadata });
    const job = new Job({
      target,
      payload,
      contentType: msgpackType,
      deadline: timeoutMs === 0 ? Infinity : this.#clock.now() + timeoutMs,
      metadata: observation?.metadata ?? metadata,
      idempotent: options.idempotent ?? false,
    });
    const call = new Call<Result>(job, this, options.signal);
    call.observation = observation;
    if (options.signal?.aborted === true) call.cancel(options.signal.reason);
    else this.#send(call);
    return call;
  }

  async discover(): Promise<ServiceStatus[]> {
    return await this.call<ServiceStatus[]>("Gate.services", [], { idempotent: true });
  }

  ready(): Promise<void> {
    if (this.#session !== undefined) return Promise.resolve();
    if (this.#isClosed) return Promise.reject(this.#unreachable());
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#connectTimeoutMs, () => reject(this.#unreachable()));
      this.#readiness.push(() => {
        timer.clear();
        if (this.#session === undefined) reject(this.#unreachable());
        else resolve();
      });
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const [, call] of this.#open.entries()) call.cancel("the client was closed");
    // The cancellations leave before the link does.
    await new Promise<void>(afterTurn);
    this.#link.close();
    this.#wheel.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // From calls.

  ended(call: Call<unknown>): void {
    this.#open.release(call.number);
    if (this.#waiting.size > 0) this.#waiting.delete(call);
    this.#wheel.remove(call);
  }

  sendAgain(call: Call<unknown>, error: GateError): boolean {
    const mayRunAgain = call.job.idempotent && error.code === "unavailable" && call.attempts < maxAttempts && !this.#isClosed;
    if (mayRunAgain) this.#wait(call);
    return mayRunAgain;
  }

  whyUnsent(call: Call<unknown>): GateError | undefined {
    return this.#waiting.has(call) ? this.#unreachable() : undefined;
  }

  // From the link.

  job(_: Job, sink: ReplySink): JobControl {
    sink.fail(new GateError("unimplemented", "a client serves nothing"), true);
    return { cancel: () => {}, resume: () => {} };
  }

  up(session: Session): void {
    this.#session = session;
    for (const call of this.#waiting) {
      this.#waiting.delete(call);
      this.#sendThrough(session, call);
    }
    this.#tellReady();
  }

  down(error: GateError, isFinal: boolean): void {
    this.#session = undefined;
    this.#lastError = error;
    if (!isFinal) return;
    if (!this.#isClosed) this.#refusal = error;
    this.#isClosed = true;
    for (const call of this.#waiting) call.refuse(this.#unreachable());
    this.#tellReady();
  }

  #send(call: Call<unknown>): void {
    if (this.#isClosed) return call.refuse(this.#refusal ?? new GateError("failed_precondition", "this client is closed"));
    call.number = this.#open.take(call);
    this.#wheel.add(call);
    if (this.#session === undefined) this.#wait(call);
    else this.#sendThrough(this.#session, call);
  }

  #sendThrough(session: Session, call: Call<unknown>): void {
    call.attempts++;
    call.sentThrough(session.send(call.job, call));
  }

  #wait(call: Call<unknown>): void {
    const { maxWaiting = 10_000 } = this.#options;
    if (this.#waiting.size >= maxWaiting)
      return call.refuse(new GateError("resource_exhausted", `${maxWaiting} calls wait for a link to ${shownUrl(this.#url)} already`));
    this.#waiting.add(call);
    const { attempts } = call;
    this.#clock.after(this.#connectTimeoutMs, () => {
      if (this.#waiting.has(call) && call.attempts === attempts) call.refuse(this.#unreachable());
    });
    // A link may have come up again between the loss and this call's turn.
    const { session } = this.#link;
    if (session !== undefined && session === this.#session) this.up(session);
  }

  #tellReady(): void {
    for (const tell of this.#readiness.splice(0)) tell();
  }

  #unreachable(): GateError {
    if (this.#refusal !== undefined) return this.#refusal;
    // Something answers, and it is told why that is no use.
    if (this.#lastError?.code === "failed_precondition") return this.#lastError;
    const reason = this.#lastError?.message ?? `no gate answers at ${shownUrl(this.#url)}`;
    return new GateError("unavailable", `${reason}; is it running? \`gate serve\` starts one, \`gate dev FILE\` one with a worker`, {
      cause: this.#lastError,
    });
  }
}

function milliseconds(duration: Duration | undefined, fallback: number, name: string): number {
  if (duration === undefined) return fallback;
  const ms = parseDuration(duration);
  if (ms === undefined)
    throw new GateError(
      "invalid_argument",
      `${name}: ${JSON.stringify(duration)} is not a duration; write one such as "30s" or a number of milliseconds`,
    );
  return ms;
}
