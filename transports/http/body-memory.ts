import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { GateError } from "unigate/transport";

/** A body up to this size is one read of its socket, and not counted. */
const smallBytes = 64 * 1024;

/** Holds a body until it is closed. */
interface BodyHolder {
  once(event: "close", listener: () => void): unknown;
}

/** Bounds what the bodies that are being received hold together: each is bounded by `bodyLimit`, but connections are many. */
export class BodyMemory {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Makes room for a request's body until it has been answered; false when there is none. */
  reserve(holder: BodyHolder, bytes: number): boolean {
    if (bytes <= smallBytes) return true;
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    holder.once("close", () => (this.#bytes -= bytes));
    return true;
  }

  /** The same for a body whose length nobody knows: the function takes what has come so far. */
  grow(holder: BodyHolder): (received: number) => boolean {
    let reserved = smallBytes;
    return (received) => {
      if (received <= reserved) return true;
      // In steps that double: a body is then counted in a dozen of them.
      const step = Math.max(received - reserved, reserved, 2 * smallBytes);
      reserved += step;
      return this.reserve(holder, step);
    };
  }
}

/** Holds the bodies that fastify collects to the bound: those of known length when they begin, chunked ones as they come. */
export function limitBodies(app: FastifyInstance, memory: BodyMemory): void {
  app.addHook("preParsing", (request, _reply, payload, done) => {
    const { "content-length": announced, "transfer-encoding": encoding } = request.headers;
    if (encoding !== undefined) done(null, Readable.from(counted(request.raw, payload, memory), { objectMode: false }));
    else if (memory.reserve(request.raw, Number(announced ?? 0))) done(null, payload);
    else done(noRoom());
  });
}

async function* counted(request: IncomingMessage, payload: Readable, memory: BodyMemory): AsyncGenerator<Buffer> {
  const fits = memory.grow(request);
  let received = 0;
  // A refusal must still reach the client, so the end of this reading is not the end of the connection.
  for await (const piece of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    received += piece.length;
    if (!fits(received)) throw noRoom();
    yield piece;
  }
}

/** The answer to a body that does not fit. */
export function noRoom(): GateError {
  return new GateError("resource_exhausted", "the bodies that are being received fill the gate's bodyMemory; try again later", {
    details: { retryAfterMs: 1000 },
  });
}
