import { GateError } from "../error/gate-error.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";

const maxFrameBytes = 64 * 1024 * 1024;

/** Two ends of one connection inside this process: for a gate with an embedded worker, and for tests. */
export function createMemoryPair(): [Connection, Connection] {
  const left = new MemoryConnection("memory:right");
  const right = new MemoryConnection("memory:left");
  left.join(right);
  right.join(left);
  return [left, right];
}

class MemoryConnection implements Connection {
  readonly carrier = "memory";
  readonly remote: string;
  readonly maxFrameBytes: number = maxFrameBytes;
  #other: MemoryConnection | undefined;
  #handler: ConnectionHandler | undefined;
  #early: Uint8Array[] = [];
  #isClosed = false;

  constructor(remote: string) {
    this.remote = remote;
  }

  join(other: MemoryConnection): void {
    this.#other = other;
  }

  open(handler: ConnectionHandler): void {
    this.#handler = handler;
    const early = this.#early;
    this.#early = [];
    for (const frame of early) queueMicrotask(() => this.#receive(frame));
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    const other = this.#other;
    // Delivered in a turn of its own, as from a socket: neither side ever runs inside the other.
    queueMicrotask(() => other?.arrive(frame));
  }

  close(): void {
    if (this.#isClosed) return;
    queueMicrotask(() => {
      this.#end();
      this.#other?.peerClosed();
    });
    this.#isClosed = true;
  }

  arrive(frame: Uint8Array): void {
    if (this.#handler === undefined) this.#early.push(frame);
    else this.#receive(frame);
  }

  peerClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#end(new GateError("unavailable", "the other end closed"));
  }

  #receive(frame: Uint8Array): void {
    this.#handler?.frame(frame);
  }

  #end(error?: GateError): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#early = [];
    handler?.closed(error);
  }
}
