import { ConnectionFault, defaultWindowBytes, ErrorCode } from "./protocol.ts";

const windowBytes = 16 * 1024 * 1024;
/** While listeners hold more than this of one connection, it gets no more window: with what is under way, 64 MiB. */
const maxHeldBytes = 48 * 1024 * 1024;

/** What the first WINDOW_UPDATE of a connection gives beyond the window that all begin with. */
export const firstIncrease: number = windowBytes - defaultWindowBytes;

/**
 * What the peer may send on a connection, all streams together.
 *
 * It is given back when half of it is used, whoever has read what came: one slow stream must not stop the others. Only its own window
 * holds that one up, and the bound on all that is held.
 */
export class ReceiveWindow {
  readonly #give: (bytes: number) => void;
  #left = windowBytes;
  #received = 0;
  #held = 0;

  constructor(give: (bytes: number) => void) {
    this.#give = give;
  }

  /** Throws a `ConnectionFault` for more than there is. */
  take(bytes: number): void {
    this.#left -= bytes;
    this.#received += bytes;
    if (this.#left < 0) throw new ConnectionFault(ErrorCode.flowControl, "more DATA than the window of the connection");
    this.#refill();
  }

  hold(bytes: number): void {
    this.#held += bytes;
  }

  drop(bytes: number): void {
    this.#held -= bytes;
    this.#refill();
  }

  #refill(): void {
    if (this.#received < windowBytes / 2 || this.#held > maxHeldBytes) return;
    const bytes = this.#received;
    this.#left += bytes;
    this.#received = 0;
    this.#give(bytes);
  }
}
