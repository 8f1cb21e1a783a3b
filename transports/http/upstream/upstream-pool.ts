import type { Exchange } from "./exchange.ts";
import type { ServerAddress } from "./server-socket.ts";
import { type ConnectionLimits, type ConnectionOwner, UpstreamConnection } from "./upstream-connection.ts";

/** Shortest and longest time between two looks at what has not moved, in ms. */
const [shortestTickMs, longestTickMs] = [5, 1000];

/** The connections to one server: the one that was used last is used next, so that those too many grow old and go. */
export class UpstreamPool implements ConnectionOwner {
  readonly #server: ServerAddress;
  readonly #limits: ConnectionLimits;
  readonly #most: number;
  readonly #tickMs: number;
  readonly #all = new Set<UpstreamConnection>();
  readonly #idle: UpstreamConnection[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosing = false;
  readonly #empty = Promise.withResolvers<void>();

  /** `most` exchanges run at once. */
  constructor(server: ServerAddress, limits: ConnectionLimits, most: number) {
    this.#server = server;
    this.#limits = limits;
    this.#most = most;
    const shortest = Math.min(limits.connectMs, limits.headersMs, limits.bodyMs);
    this.#tickMs = Math.max(shortestTickMs, Math.min(shortest / 4, longestTickMs));
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Connections that are open, or opening. */
  get connections(): number {
    return this.#all.size;
  }

  /** As many exchanges run as may. */
  get isFull(): boolean {
    return this.#all.size - this.#idle.length >= this.#most;
  }

  run(exchange: Exchange): void {
    (this.#takeIdle(exchange.servername) ?? this.#open(exchange.servername)).run(exchange);
  }

  /** Resolves once the exchanges that run have ended. */
  close(): Promise<void> {
    this.#isClosing = true;
    for (const connection of this.#idle.splice(0)) connection.abandon();
    if (this.#all.size === 0) this.#empty.resolve();
    return this.#empty.promise;
  }

  destroy(why: Error): Promise<void> {
    this.#isClosing = true;
    for (const connection of this.#all) connection.destroy(why);
    return this.close();
  }

  // From the connections.

  onFree(connection: UpstreamConnection): void {
    if (this.#isClosing) connection.abandon();
    else this.#idle.push(connection);
  }

  onGone(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#isClosing) this.#empty.resolve();
  }

  onStale(exchange: Exchange): void {
    // The others have been idle for longer than the one that was closed.
    this.#open(exchange.servername).run(exchange);
  }

  #takeIdle(servername: string | undefined): UpstreamConnection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isUsable && connection.servername === servername) return connection;
      connection.abandon();
    }
    return undefined;
  }

  #open(servername: string | undefined): UpstreamConnection {
    const connection = new UpstreamConnection(this.#server, servername, this.#limits, this);
    this.#all.add(connection);
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs).unref();
    return connection;
  }

  #tick(): void {
    for (const connection of this.#all) connection.tick(this.#tickMs);
  }
}
