import { Readable } from "node:stream";
import type { ReplySink } from "unigate/transport";

/** Bytes of a request body that may wait for the server to read them. */
const heldBytes = 64 * 1024;

/** The body of a request, fed by the job's input; holds 64 KiB, then asks the caller to wait. */
export class RequestBody {
  readonly readable: Readable;
  #isFull = false;

  constructor(sink: ReplySink) {
    this.readable = new Readable({
      highWaterMark: heldBytes,
      read: () => {
        if (!this.#isFull) return;
        this.#isFull = false;
        sink.drained?.();
      },
    });
  }

  /** False: hold the next piece until the sink's `drained`. */
  push(piece: Uint8Array): boolean {
    // A server may answer without having read everything: the rest is of no more use.
    if (this.readable.destroyed) return true;
    const hasRoom = this.readable.push(piece);
    this.#isFull = !hasRoom;
    return hasRoom;
  }

  end(): void {
    if (!this.readable.destroyed) this.readable.push(null);
  }
}
