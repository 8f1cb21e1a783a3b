import type { Connection, ConnectionHandler } from "unigate/transport";

/** A connection whose frames leave in order, but not before what `hold` was given has settled. */
export class HeldConnection implements Connection {
  readonly carrier = "redis";
  readonly remote: string;
  readonly maxFrameBytes: number;
  readonly #inner: Connection;
  readonly #waiting: Uint8Array[] = [];
  #holds = 0;
  #isClosed = false;

  constructor(inner: Connection, remote: string) {
    this.#inner = inner;
    this.remote = remote;
    this.maxFrameBytes = inner.maxFrameBytes;
  }

  /** Keeps back what is sent from now on until `promise` has settled. */
  hold(promise: Promise<unknown>): void {
    this.#holds++;
    void promise.catch(() => {}).then(() => this.#release());
  }

  open(handler: ConnectionHandler): void {
    this.#inner.open(handler);
  }

  send(frame: Uint8Array): void {
    if (this.#holds > 0) this.#waiting.push(frame);
    else this.#inner.send(frame);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#holds === 0) this.#inner.close();
  }

  #release(): void {
    if (--this.#holds > 0) return;
    for (const frame of this.#waiting.splice(0)) this.#inner.send(frame);
    if (this.#isClosed) this.#inner.close();
  }
}
