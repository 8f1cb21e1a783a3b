import { createHash } from "node:crypto";
import { GateError } from "unigate/transport";
import type { RedisAddress } from "../settings.ts";
import { closeClient, openClient, type RedisClient } from "./open-client.ts";

/** An argument of a command. */
export type Argument = string | number | Uint8Array;

/** A script that runs inside Redis, as one step. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** Names a script by its digest, so that its text crosses the wire once per Redis. */
export function script(lua: string): Script {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/**
 * The connection for everything that answers at once; it comes back by itself.
 *
 * A command that cannot be sent now, or has no answer within `timeoutMs`, rejects with `unavailable`; it may have run in the latter
 * case. Replies are bytes; what is text is made so by the reader.
 */
export class Commands {
  readonly #client: RedisClient;
  readonly #label: string;
  readonly #onReady: (() => void)[] = [];

  private constructor(client: RedisClient, label: string) {
    this.#client = client;
    this.#label = label;
    client.on("ready", () => {
      for (const listener of this.#onReady) listener();
    });
  }

  /** Connects; rejects with `unavailable` and the reason. */
  static async open(address: RedisAddress, name: string, timeoutMs: number): Promise<Commands> {
    return new Commands(await openClient(address, { reconnects: true, commandTimeoutMs: timeoutMs, name }), address.label);
  }

  /** False: what is sent now fails at once and never reaches Redis. */
  get isReady(): boolean {
    return this.#client.status === "ready";
  }

  /** Calls `listener` whenever the connection is back. */
  onReady(listener: () => void): void {
    this.#onReady.push(listener);
  }

  async run(command: string, ...args: Argument[]): Promise<unknown> {
    if (!this.isReady) throw new GateError("unavailable", `there is no connection to Redis at ${this.#label} now`);
    this.#gather();
    try {
      return await this.#client.callBuffer(command, ...(args.map(written) as string[]));
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async script({ lua, sha }: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const rest = [keys.length, ...keys, ...args];
    try {
      return await this.run("EVALSHA", sha, ...rest);
    } catch (error) {
      // The script cache is gone: after a restart, a failover or SCRIPT FLUSH.
      if (!(error instanceof GateError) || !error.message.includes("NOSCRIPT")) throw error;
      return await this.run("EVAL", lua, ...rest);
    }
  }

  close(): void {
    closeClient(this.#client);
  }

  /** Commands that are given before the callback that runs now has returned leave in one write: one wake-up of Redis, and of us. */
  #gather(): void {
    // A cluster has a stream for each node, and keeps them to itself.
    const stream = "stream" in this.#client ? this.#client.stream : undefined;
    if (stream === undefined || stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  #failure(error: unknown): GateError {
    const message = error instanceof Error ? error.message : String(error);
    // No answer in time is a half-open link as often as a busy server: only a new connection can tell.
    if (message === "Command timed out" || message.startsWith("READONLY")) this.#client.disconnect(true);
    return redisError(error, this.#label);
  }
}

/** The client writes other bytes than a Buffer's as the text of their numbers. */
function written(argument: Argument): string | number | Buffer {
  if (!(argument instanceof Uint8Array) || argument instanceof Buffer) return argument;
  return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
}

/** What a failed command means to a caller: `unavailable`, whatever the reason. */
export function redisError(error: unknown, label: string): GateError {
  if (error instanceof GateError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new GateError("unavailable", `Redis at ${label} did not do it: ${message}`, { cause: error });
}
