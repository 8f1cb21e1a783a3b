import { type Holder, limited, refusalOf } from "../access/keyring.ts";
import { GateError } from "../error/gate-error.ts";
import type { Job } from "../job/job.ts";
import type { JobControl, ReplySink } from "../job/reply.ts";
import type { Clock, Timer } from "../observe/clock.ts";
import type { Logger } from "../observe/logger.ts";
import type { Hello, ServeDeclaration, Welcome } from "../protocol/messages.ts";
import type { Endpoint, EndpointLink } from "../registry/endpoint.ts";
import type { Registry } from "../registry/registry.ts";
import type { Connection } from "../transport/connection.ts";
import { Session } from "../transport/session.ts";
import { type Traffic, trafficOf } from "../transport/traffic.ts";
import type { SessionHandler } from "../transport/session-options.ts";

/** Time that a connection has to say hello, in ms. */
const helloTimeoutMs = 10_000;

/** Before its hello. */
const nobody: Holder = { name: "nobody", may: [] };
const nothing: JobControl = { cancel: () => {}, resume: () => {} };

/** What a gate session needs of its gate. */
export interface SessionHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly lostAfterBeats: number;
  readonly maxRecordBytes: number;
  readonly traffic: Map<string, Traffic>;
  dispatch(job: Job, sink: ReplySink): JobControl;
  /** Who holds the key; throws `unauthenticated`. */
  identify(key: string | undefined): Holder;
  /** Why `holder` may not call `target`, or undefined. */
  refusalToCall(holder: Holder, target: string): GateError | undefined;
  /** Registers the session under its peer's name and makes the rules of the session. */
  welcome(session: GateSession, hello: Hello): Welcome;
  /** Throws when a method may not be served here. */
  checkMethods(declaration: ServeDeclaration): void;
  ended(session: GateSession): void;
}

/** The gate's side of one link: its peer's jobs go to the dispatcher, its peer's methods into the registry. */
export class GateSession implements SessionHandler, EndpointLink {
  readonly #host: SessionHost;
  readonly #session: Session;
  readonly #helloTimer: Timer;
  readonly #limit: Holder | undefined;
  #hello: Hello | undefined;
  #holder: Holder = nobody;
  #endpoint: Endpoint | undefined;
  #onClosed: (() => void) | undefined;

  constructor(connection: Connection, host: SessionHost, limit?: Holder) {
    this.#host = host;
    this.#limit = limit;
    this.#session = new Session(connection, {
      greeting: {
        welcome: (hello) => {
          this.#holder = limited(host.identify(hello.key), limit);
          this.#hello = hello;
          return host.welcome(this, hello);
        },
      },
      handler: this,
      clock: host.clock,
      maxRecordBytes: Math.min(host.maxRecordBytes, connection.maxFrameBytes),
      maxJobs: 100_000,
      lostAfterBeats: host.lostAfterBeats,
      traffic: trafficOf(host.traffic, connection.carrier),
    });
    this.#helloTimer = host.clock.after(helloTimeoutMs, () => this.close(new GateError("deadline_exceeded", "no hello came")));
  }

  // As a link to a worker.

  get id(): string {
    return this.#hello?.id ?? "";
  }

  get incarnation(): string {
    return this.#hello?.incarnation ?? "";
  }

  get transport(): string {
    return this.#session.connection.carrier;
  }

  get address(): string {
    return this.#session.connection.remote;
  }

  get missedBeats(): number {
    return this.#session.missedBeats;
  }

  get beats(): number {
    return this.#session.beats;
  }

  askToDrain(): void {
    this.#session.askToDrain();
  }

  send(job: Job, sink: ReplySink): JobControl {
    return this.#session.send(job, sink);
  }

  /** After a change of keys: a peer whose key is gone is turned away. */
  identifyAgain(): void {
    if (this.#hello === undefined) return;
    try {
      this.#holder = limited(this.#host.identify(this.#hello.key), this.#limit);
    } catch (error) {
      this.close(GateError.from(error));
    }
  }

  /** Resolves once the peer has taken in everything that was sent to it, or is gone. */
  settled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onClosed = resolve;
    if (this.#session.isOpen) this.#session.confirm(resolve);
    else resolve();
    return promise;
  }

  close(error?: GateError): void {
    this.#session.close(error);
  }

  // As the handler of the session.

  job(job: Job, sink: ReplySink): JobControl {
    const refusal = this.#host.refusalToCall(this.#holder, job.target);
    if (refusal === undefined) return this.#host.dispatch(job, sink);
    sink.fail(refusal, true);
    return nothing;
  }

  opened(): void {
    this.#helloTimer.clear();
  }

  served(declaration: ServeDeclaration): void {
    const refusal = refusalOf(this.#holder, "work");
    if (refusal !== undefined) throw refusal;
    this.#host.checkMethods(declaration);
    if (this.#endpoint === undefined) {
      this.#endpoint = this.#host.registry.join(this, declaration);
      this.#host.logger.info("worker joined", {
        worker: this.#endpoint.id,
        transport: this.transport,
        methods: declaration.methods.length,
      });
    } else this.#host.registry.offer(this.#endpoint, declaration);
  }

  withdrawn(methods: readonly string[]): void {
    if (this.#endpoint !== undefined) this.#host.registry.withdraw(this.#endpoint, methods);
  }

  responsive(isResponsive: boolean): void {
    if (this.#endpoint === undefined) return;
    this.#host.logger.warn(isResponsive ? "worker serves again" : "worker is silent", {
      worker: this.#endpoint.id,
      missedBeats: this.missedBeats,
    });
    this.#endpoint.setState(isResponsive ? "ready" : "down");
  }

  draining(): void {
    this.#endpoint?.setState("draining");
  }

  closing(): void {
    // Before its jobs fail: what waits must not be placed on a link that is gone.
    this.#endpoint?.setState("down");
  }

  closed(error: GateError | undefined): void {
    this.#helloTimer.clear();
    if (this.#endpoint !== undefined) {
      this.#host.registry.leave(this.#endpoint, error?.message);
      this.#host.logger.info("worker left", { worker: this.#endpoint.id, ...(error === undefined ? {} : { reason: error.message }) });
    }
    this.#onClosed?.();
    this.#host.ended(this);
  }
}
