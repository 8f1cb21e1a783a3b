import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "unigate/transport";
import { answerMalformed } from "../malformed.ts";
import { type ConnectionOwner, IngressConnection } from "./ingress-connection.ts";
import type { IncomingHead } from "./request-head.ts";
import type { SocketResponse } from "./socket-response.ts";

/** What answers the requests of a port. */
export interface IngressOptions {
  clock: Clock;
  /** Between two looks at connections that are idle or late, in ms. */
  lookEveryMs: number;
  /** Of a request that is taken, in bytes. */
  mostBodyBytes: number;
  /** Answers a request whose body is whole; false leaves it, and its connection, to Node. Never throws. */
  take: (request: IncomingHead, body: Buffer, response: SocketResponse) => boolean;
  /** True once connections end with their next response. */
  isDraining: () => boolean;
}

/**
 * Stands in front of Node's HTTP servers: plain requests are read, and their responses written, on the socket itself.
 *
 * Node's server costs some 9 µs for a request and a reply before anybody has looked at it. Whatever is not plain goes to it unread.
 */
export class Ingress {
  readonly #options: IngressOptions;
  readonly #connections = new Set<IngressConnection>();
  readonly #timer: { clear(): void };

  constructor(options: IngressOptions) {
    this.#options = options;
    const { clock, lookEveryMs } = options;
    this.#timer = clock.every(lookEveryMs, () => {
      for (const connection of this.#connections) connection.look(lookEveryMs);
    });
  }

  /** Takes the connections of `server`, which come with `event`, before it does. */
  standBefore(server: Server, event: "connection" | "secureConnection"): void {
    const nodes = server.listeners(event) as ((this: Server, socket: Socket) => void)[];
    server.removeAllListeners(event);
    const { take, isDraining, mostBodyBytes, clock } = this.#options;
    const owner: ConnectionOwner = {
      take,
      isDraining,
      mostBodyBytes,
      now: () => clock.date(),
      onLeft: (connection) => {
        this.#connections.delete(connection);
        for (const listener of nodes) listener.call(server, connection.socket);
      },
      onGone: (connection) => this.#connections.delete(connection),
      onBrokenOff: (socket) => answerMalformed(new Error("Parse Error: Invalid EOF state"), socket),
    };
    server.on(event, (socket: Socket) => this.#connections.add(new IngressConnection(socket, owner)));
  }

  /** Resolves when nothing that has been said waits to be read. */
  async sent(): Promise<void> {
    for (const connection of this.#connections) {
      for (let unsent = connection.sent(); unsent !== undefined; unsent = connection.sent()) await unsent;
    }
  }

  /** Ends the connections that nothing is asked on; those that wait for the rest of a request are Node's to wait for. */
  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.socket.destroy();
  }

  closeAll(): void {
    this.#timer.clear();
    for (const connection of this.#connections) connection.socket.destroy();
  }
}
