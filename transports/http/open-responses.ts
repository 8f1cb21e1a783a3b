import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * The latest response to a job on each connection: what a door that closes waits for.
 *
 * Responses of one connection leave in their order, so the latest stands for all. A request neither adds nor removes an entry.
 */
export class OpenResponses {
  readonly #latest = new Map<Socket, ServerResponse>();

  add(response: ServerResponse): void {
    const { socket } = response.req;
    if (!this.#latest.has(socket)) socket.once("close", () => this.#latest.delete(socket));
    this.#latest.set(socket, response);
  }

  /** Resolves when no response that has been written waits for its caller to read it. */
  async sent(): Promise<void> {
    while (true) {
      const unsent = [...this.#latest.values()].find(({ writableEnded, closed }) => writableEnded && !closed);
      if (unsent === undefined) return;
      await new Promise((resolve) => unsent.once("close", resolve));
    }
  }
}
