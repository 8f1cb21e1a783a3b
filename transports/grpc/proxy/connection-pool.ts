/**
 * Which connection to a server a call takes, and when one opens or closes: a state machine without sockets and without a clock.
 *
 * | from | what happens | to |
 * |---|---|---|
 * | | a call finds no connection with room, or fewer than `connections` are there and none is idle | open |
 * | open | the server says GOAWAY, or its lifetime is over | leaving |
 * | open | nothing has run on it for `idleMs`, or it is beyond `connections` and its last call has ended | closed |
 * | leaving | its last call has ended | closed |
 * | open, leaving | the connection breaks | gone |
 *
 * A connection that is leaving takes no calls; those that it has run to their end, so neither limit ever costs a call.
 */

/** Limits of a pool; times in ms, `Infinity` for none. */
export interface ConnectionLimits {
  /** Connections that calls are spread over. More open only while these are full. */
  connections: number;
  /** Calls at once on one of them. */
  callsEach: number;
  idleMs: number;
  lifetimeMs: number;
}

/** A connection in the pool. */
export interface Pooled<C> {
  readonly connection: C;
  readonly openedAt: number;
  /** Calls at once that the server allows. */
  maxCalls: number;
  calls: number;
  idleSince: number;
  isLeaving: boolean;
}

/** The connections to one server. Times are on any one clock, in ms. */
export class ConnectionPool<C> {
  readonly #limits: ConnectionLimits;
  readonly #open: (pooled: Pooled<C>) => C;
  readonly #close: (connection: C) => void;
  #members: Pooled<C>[] = [];

  /** `open` begins a connection, `close` ends one without calls; the pool calls neither from inside the other. */
  constructor(limits: ConnectionLimits, open: (pooled: Pooled<C>) => C, close: (connection: C) => void) {
    this.#limits = limits;
    this.#open = open;
    this.#close = close;
  }

  get members(): readonly Pooled<C>[] {
    return this.#members;
  }

  /** The connection for one more call: `release` it when the call has ended. */
  take(now: number): Pooled<C> {
    let best: Pooled<C> | undefined;
    let open = 0;
    for (const one of this.#members) {
      if (one.isLeaving) continue;
      open++;
      if (this.#hasRoom(one) && (best === undefined || one.calls < best.calls)) best = one;
    }
    const mayOpen = open < this.#limits.connections && best?.calls !== 0;
    const taken = best === undefined || mayOpen ? this.#add(now) : best;
    taken.calls++;
    return taken;
  }

  /** A call has ended. */
  release(pooled: Pooled<C>, now: number): void {
    pooled.calls--;
    if (pooled.calls > 0) return;
    pooled.idleSince = now;
    if (pooled.isLeaving || this.#openCount() > this.#limits.connections) this.#end(pooled);
  }

  /** The connection takes no more calls. */
  leave(pooled: Pooled<C>): void {
    pooled.isLeaving = true;
    if (pooled.calls === 0) this.#end(pooled);
  }

  /** The connection is broken; its calls are released one by one as they fail. */
  lost(pooled: Pooled<C>): void {
    pooled.isLeaving = true;
    this.#members = this.#members.filter((one) => one !== pooled);
  }

  /** Closes what has been idle, and retires what has lived, for too long. Call it now and then. */
  sweep(now: number): void {
    const { idleMs, lifetimeMs } = this.#limits;
    for (const one of this.#members) {
      const isIdle = one.calls === 0 && now - one.idleSince >= idleMs;
      if (isIdle || now - one.openedAt >= lifetimeMs) this.leave(one);
    }
  }

  /** Closes every connection as soon as its calls have ended. */
  close(): void {
    for (const one of this.#members) this.leave(one);
  }

  #hasRoom({ calls, maxCalls }: Pooled<C>): boolean {
    return calls < Math.min(maxCalls, this.#limits.callsEach);
  }

  #openCount(): number {
    return this.#members.reduce((count, { isLeaving }) => (isLeaving ? count : count + 1), 0);
  }

  #add(now: number): Pooled<C> {
    const pooled = { openedAt: now, maxCalls: Infinity, calls: 0, idleSince: now, isLeaving: false } as {
      -readonly [K in keyof Pooled<C>]: Pooled<C>[K];
    };
    pooled.connection = this.#open(pooled);
    // A new list: whoever walks the old one is not disturbed.
    this.#members = [...this.#members, pooled];
    return pooled;
  }

  #end(pooled: Pooled<C>): void {
    if (!this.#members.includes(pooled)) return;
    this.lost(pooled);
    this.#close(pooled.connection);
  }
}
