import { type Clock, GateError, type Job, type JobControl, type ReplySink } from "unigate/transport";
import type { H2Connection } from "../h2/connection.ts";
import { openCallConnection } from "./call-connection.ts";
import type { ServerAddress } from "./connection.ts";
import { ConnectionPool, type Pooled } from "./connection-pool.ts";
import { Keepalive } from "./keepalive.ts";
import type { PoolLimits } from "./pool-options.ts";
import { requestFields, timeoutField, type UpstreamName } from "./request-headers.ts";
import { type CallEnd, ServerCall } from "./server-call.ts";

/** What is told of a server. */
export interface ServerListener {
  /** It answered, or could not be reached or did not answer. */
  observed(isAlive: boolean, reason?: string): void;
  /** It has a connection again, after it had none: it may be another version. */
  returned(): void;
}

/** Figures of one server's pool. */
export interface ServerFigures {
  address: string;
  connections: number;
  /** Calls that run on them. */
  calls: number;
}

interface Held {
  readonly session: H2Connection;
  readonly keepalive: Keepalive;
}

/** One gRPC server: its pool of connections, and the calls on them. */
export class UpstreamServer {
  readonly address: string;
  readonly #at: ServerAddress;
  readonly #name: UpstreamName;
  readonly #limits: PoolLimits;
  readonly #clock: Clock;
  readonly #listener: ServerListener;
  readonly #pool: ConnectionPool<Held>;
  /** It had connections, and they have all gone. */
  #isAway = false;

  /** `authority` as an upstream's options name it. */
  constructor(at: ServerAddress, authority: string | undefined, limits: PoolLimits, clock: Clock, listener: ServerListener) {
    this.address = at.address;
    this.#at = at;
    this.#name = nameOf(at, authority);
    this.#limits = limits;
    this.#clock = clock;
    this.#listener = listener;
    this.#pool = new ConnectionPool(
      limits.connections,
      (pooled) => this.#open(pooled),
      ({ session }) => session.destroy(),
    );
  }

  /**
   * Makes one call; the bytes of the gRPC message stream pass as they are, read by nobody. `settled` is called after the sink's end.
   *
   * Payload and input go out as they come; the reply has the response's headers as its head, the bytes in chunks, and the trailers at its
   * end, status and all.
   */
  call(job: Job, sink: ReplySink, settled: () => void): JobControl {
    let pooled: Pooled<Held> | undefined;
    try {
      pooled = this.#pool.take(this.#clock.now());
      return this.#start(pooled, job, sink, settled);
    } catch (error) {
      if (pooled !== undefined) this.#pool.release(pooled, this.#clock.now());
      sink.fail(GateError.from(error, "unavailable"), true);
      settled();
      return { cancel: () => {}, resume: () => {} };
    }
  }

  /** Closes what has been idle for too long, and looks after what is silent. */
  sweep(now: number): void {
    for (const { calls, connection } of this.#pool.members) {
      if (calls > 0) connection.keepalive.look(now);
      else connection.keepalive.rest();
    }
    this.#pool.sweep(now);
  }

  figures(): ServerFigures {
    const { members } = this.#pool;
    return { address: this.address, connections: members.length, calls: members.reduce((sum, { calls }) => sum + calls, 0) };
  }

  /** Closes every connection once its calls have ended. */
  leave(): void {
    this.#pool.close();
  }

  /** Ends every connection now, with its calls. */
  destroy(): void {
    for (const { connection } of this.#pool.members) connection.session.destroy();
  }

  #start(pooled: Pooled<Held>, job: Job, sink: ReplySink, settled: () => void): JobControl {
    const ended = (end: CallEnd): void => {
      this.#pool.release(pooled, this.#clock.now());
      settled();
      if (end.isAlive !== undefined) this.#listener.observed(end.isAlive, end.reason);
    };
    const call = new ServerCall(sink, job.metadata.get(":transparent") === "1", ended);
    call.start(pooled.connection.session, requestFields(job, this.#name), timeoutField(job));
    if (job.payload.length > 0) call.input(job.payload);
    if (!job.streamsInput) call.endInput();
    return call;
  }

  #open(pooled: Pooled<Held>): Held {
    const session = openCallConnection(this.#at, this.#clock, {
      opened: () => this.#opened(),
      goingAway: () => this.#pool.leave(pooled),
      maxCalls: (count) => (pooled.maxCalls = count),
      gone: (isReached) => {
        this.#pool.lost(pooled);
        if (this.#pool.members.length === 0) this.#isAway = true;
        if (!isReached) this.#listener.observed(false, `${this.address} cannot be reached`);
      },
    });
    return { session, keepalive: new Keepalive(session, this.#limits.keepaliveMs) };
  }

  #opened(): void {
    this.#listener.observed(true);
    if (this.#isAway) this.#listener.returned();
    this.#isAway = false;
  }
}

/** Over TLS a name that the certificate does not prove has to be asked for. Source: gRFC A81. */
function nameOf({ address, name = address, tls }: ServerAddress, authority: string | undefined): UpstreamName {
  const isPlain = tls === undefined || tls === false;
  const choice = authority ?? (isPlain ? "caller" : "server");
  const isFixed = choice !== "caller" && choice !== "server";
  return { scheme: isPlain ? "http" : "https", authority: isFixed ? choice : name, passesAuthority: choice === "caller" };
}
