import { afterTurn, GateError } from "unigate/transport";
import type { RedisAddress } from "../settings.ts";
import { openClient, type RedisClient } from "./open-client.ts";

const longestDelayMs = 1000;

/** One reader that waits inside Redis for what comes next. */
export interface BlockedReadOptions {
  address: RedisAddress;
  name: string;
  /** Time that one read may wait inside Redis, in ms. */
  blockMs: number;
  /** Resolves once there is room for what a read may bring. */
  room?(): Promise<void>;
  /** Reads once and hands on what came; it rejects when Redis does. */
  read(client: RedisClient, blockMs: number): Promise<void>;
  /** A read failed; another follows on a new connection. */
  failed(error: unknown): Promise<void> | void;
}

/**
 * Reads again and again on a connection of its own, which is thrown away and made anew at the first doubt: an error, or a read that
 * has not returned well after its time. A blocked connection that is half-open looks like one on which nothing happens.
 */
export class BlockedRead {
  readonly #options: BlockedReadOptions;
  #client: RedisClient | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;
  /** One timer for all reads: most of them return within a millisecond. */
  #watchdog: NodeJS.Timeout | undefined;
  #giveUp: (error: GateError) => void = () => {};
  readonly ended: Promise<void>;

  constructor(options: BlockedReadOptions) {
    this.#options = options;
    this.ended = this.#loop();
  }

  /** Ends the read that waits, and all others. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#watchdog);
    this.#client?.disconnect();
    this.#wake?.();
  }

  async #loop(): Promise<void> {
    for (let attempt = 0; !this.#isClosed;) {
      try {
        this.#client ??= await this.#open();
        await this.#options.room?.();
        if (this.#isClosed) break;
        await this.#readOnce(this.#client);
        attempt = 0;
        // What was brought is answered first: Redis would otherwise deal with the next read before the answer.
        await new Promise<void>(afterTurn);
      } catch (error) {
        this.#client?.disconnect();
        this.#client = undefined;
        if (this.#isClosed) return;
        await this.#options.failed(error);
        await this.#pause(Math.min(longestDelayMs, 20 * 2 ** attempt++));
      }
    }
  }

  async #open(): Promise<RedisClient> {
    const client = await openClient(this.#options.address, { reconnects: false, name: this.#options.name });
    if (this.#isClosed) client.disconnect();
    return client;
  }

  #readOnce(client: RedisClient): Promise<void> {
    const { blockMs } = this.#options;
    const overdueMs = blockMs + Math.max(1000, blockMs / 2);
    this.#watchdog ??= setTimeout(() => this.#giveUp(new GateError("unavailable", "a blocked read did not return")), overdueMs);
    this.#watchdog.refresh();
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      this.#options.read(client, blockMs).then(resolve, reject);
    });
  }

  async #pause(delayMs: number): Promise<void> {
    if (this.#isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, delayMs);
    await promise;
    clearTimeout(timer);
  }
}
